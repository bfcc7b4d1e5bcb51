"""The service as an OpenAPI 3.1 document, made of the types that requests are read with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final, Literal

import msgspec

from ffc.online.requests import FeatureRequest, FeatureResponse
from ffc.serve.bodies import ProblemDocument
from ffc.serve.feast import FeastAnswer, FeastRequest

_JSON: Final = "application/json"
# Each way to say which features are meant, and what can't be said beside it.
_WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "features": ("training_set",),
    "training_set": ("features", "model"),
    "model": ("features", "training_set"),
}
_FEAST_WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "features": ("feature_service",),
    "feature_service": ("features",),
}


class Feature(msgspec.Struct, kw_only=True):
    """A feature that can be asked for, and the types of the keys that it is asked by."""

    feature: str
    type: str
    entity: str
    keys: dict[str, str]


class Served(msgspec.Struct, kw_only=True):
    """What can be asked for: `GET /v1/features`."""

    schema: Literal["ffc.served/v1"]
    features: list[Feature]


class Health(msgspec.Struct):
    """The server is well."""

    ok: bool


@cache
def document() -> bytes:
    """Return the document."""
    types = (FeatureRequest, FeatureResponse, FeastRequest, FeastAnswer, ProblemDocument)
    _, schemas = msgspec.json.schema_components(
        (*types, Served, Health), ref_template="#/components/schemas/{name}"
    )
    for name, schema in schemas.items():
        if name != FeastRequest.__name__:
            schema["additionalProperties"] = False
    for asked, ways in ((FeatureRequest, _WAYS), (FeastRequest, _FEAST_WAYS)):
        schemas[asked.__name__]["anyOf"] = [_only(way, *others) for way, others in ways.items()]
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "ffc serve", "version": version("ffc-feature-store")},
        "paths": {
            "/v1/features": {
                "post": _asking("The newest values of features", FeatureRequest, FeatureResponse),
                "get": _telling("Every feature that can be asked for", Served, 503),
            },
            "/get-online-features": {
                "post": _asking("The same in Feast's shape", FeastRequest, FeastAnswer)
            },
            "/healthz": {"get": _telling("The process answers", Health)},
            "/readyz": {"get": _telling("It has a deployment, and its stores answer", Health, 503)},
            "/metrics": {"get": _text("Figures in Prometheus's format")},
            "/openapi.json": {"get": _text("This document", _JSON)},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }
    return msgspec.json.encode(found)


def _only(way: str, *others: str) -> dict[str, Any]:
    """Return the schema of requests that say one thing and not the others."""
    said = {way: {"not": {"type": "null"}}}
    return {"required": [way], "properties": said | {name: {"type": "null"} for name in others}}


def _asking(summary: str, asked: type, answered: type) -> dict[str, Any]:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": _content(asked)},
        "responses": {
            "200": {"description": "The answer", "content": _content(answered)},
            **_problems(400, 401, 404, 408, 413, 422, 503),
        },
    }


def _telling(summary: str, told: type, *problems: int) -> dict[str, Any]:
    answers = {"200": {"description": summary, "content": _content(told)}}
    return {"summary": summary, "responses": {**answers, **_problems(401, *problems)}}


def _text(summary: str, kind: str = "text/plain") -> dict[str, Any]:
    answers = {"200": {"description": summary, "content": {kind: {}}}}
    return {"summary": summary, "responses": {**answers, **_problems(401, 503)}}


def _problems(*codes: int) -> dict[str, Any]:
    return {
        str(code): {"description": "Why not", "content": _content(ProblemDocument)}
        for code in codes
    }


def _content(kind: type) -> dict[str, Any]:
    return {_JSON: {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}
