"""`ffc serve` against its own document: requests made of it, as it says and not as it says."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.cli import ffc
from support.projects import small_project
from support.server import Server, serving

CHECKS: Final = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
ASKING: Final = ("/v1/features", "/get-online-features")
MODEL: Final = "models:\n  - {name: payer, training_set: main, owner: ml@example.com}\n"
QUICK: Final = 50
SLOW: Final = 1700


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("openapi") / "small"
    project = small_project(folder, **{"training_sets/models.yml": MODEL})
    assert ffc(project, "run").code == 0
    with serving(project) as found:
        yield found


def narrowed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document about what is deployed only: at random nobody finds its names."""
    schemas = document["components"]["schemas"]
    asked, feast = schemas["FeatureRequest"], schemas["FeastRequest"]
    names = ["spending.amount", "profile.*", "profile.country", "spending.nope"]
    asked["properties"]["features"]["anyOf"][0]["items"]["enum"] = names
    asked["properties"]["training_set"]["anyOf"][0]["enum"] = ["main", "nope"]
    asked["properties"]["model"]["anyOf"][0]["enum"] = ["payer", "nope"]
    key: dict[str, Any] = {"anyOf": [{"enum": ["u1", "u2"]}, {"type": "string"}, {"type": "null"}]}
    entity = {"type": "object", "properties": {"user_id": key}, "required": ["user_id"]}
    asked["properties"]["entities"]["items"] = entity
    colons = [name.replace(".", ":") for name in names]
    feast["properties"]["features"]["anyOf"][0]["items"]["enum"] = colons
    feast["properties"]["feature_service"]["anyOf"][0]["enum"] = ["main", "payer", "nope"]
    feast["properties"]["entities"] = {
        "type": "object",
        "properties": {"user_id": {"type": "array", "items": key}},
        "required": ["user_id"],
        "additionalProperties": False,
    }
    return document


def asked(
    server: Server, document: dict[str, Any], mode: GenerationMode, most: int
) -> Counter[int]:
    """Ask so many times each route that takes a body; return the statuses of its answers."""
    told: Counter[int] = Counter()
    schema = from_dict(document)
    with requests.Session() as session:
        for path in ASKING:
            operation = schema[path]["POST"]

            @settings(
                max_examples=most,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                response = case.call(base_url=f"http://127.0.0.1:{server.port}", session=session)
                told[response.status_code] += 1
                assert response.status_code < 500, response.text
                case.validate_response(response, checks=CHECKS)

            ask()
    return told


def test_no_answer_is_outside_the_document(server: Server) -> None:
    check(server, QUICK)


@pytest.mark.slow
def test_no_answer_is_outside_the_document_whatever_is_asked(server: Server) -> None:
    check(server, SLOW)


def check(server: Server, most: int) -> None:
    document = server.call("GET", "/openapi.json")[1]
    right = asked(server, document, GenerationMode.POSITIVE, most)
    wrong = asked(server, document, GenerationMode.NEGATIVE, most)
    deployed = asked(server, narrowed(document), GenerationMode.POSITIVE, most)
    sys.stdout.write(f"\n{right}\n{wrong}\n{deployed}\n")
    assert min(told.total() for told in (right, wrong, deployed)) >= 2 * most
    # Nobody guesses a name, nor is anything answered that is not as the document says.
    assert set(right) <= {404, 422}
    assert set(wrong) <= {400, 404, 413, 422}
    assert deployed[200] > most / 4
