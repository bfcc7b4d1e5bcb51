"""What `ffc schema` publishes: a JSON Schema for each document, and for each kind of YAML file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import click
import msgspec
from msgspec import Struct

from ffc.cli import documents
from ffc.cli.widths import answer_folded
from ffc.connect.finding import FILE as PROFILES_FILE
from ffc.connect.profiles import Profile
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.schemas import DRAFT, Schema, Schemas, file_schema
from ffc.manifest.index import ASIDE, OWN, SETTINGS
from ffc.manifest.records import Manifest
from ffc.online.requests import FeatureRequest, FeatureResponse
from ffc.project.files import PROJECT_FILE
from ffc.project.folders import SELECTORS_FILE
from ffc.project.kinds import KINDS
from ffc.project.resources import ProjectFile
from ffc.project.selectors import Definition, Selector, SelectorsFile
from ffc.run.deploying.way_back import RolledBack
from ffc.run.looking.statistics import Statistics
from ffc.run.sinks import RunResults
from ffc.serve.bodies import ProblemDocument
from ffc.serve.deployment import Kept
from ffc.serve.figures import FiguresDocument
from ffc.serve.offline import RegistryDocument
from ffc.serve.openapi import Served

_STORE: Final[Schema] = {
    "type": "object",
    "properties": {"type": {"type": "string", "description": "Which store, such as duckdb."}},
    "required": ["type"],
}
_STORES: Final[Schema] = {"type": "object", "additionalProperties": _STORE}


def _document(record: type[Struct]) -> Schema:
    """Return the schema of a JSON document; more keys may come within its version."""
    (_,), found = msgspec.json.schema_components(
        [record], schema_hook=_anything, ref_template="#/$defs/{name}"
    )
    own = found.pop(record.__name__)
    version = own["properties"].get("schema")
    if version is not None:
        own["properties"]["schema"] = {"const": _version(record)}
        own["required"] = list(dict.fromkeys(["schema", *own.get("required", ())]))
    return {"$schema": DRAFT, **own, "$defs": dict(sorted(found.items()))}


def _anything(kind: type) -> Schema:
    """Return the schema of what the annotation `object` stands for."""
    if kind is not object:
        raise NotImplementedError
    return {"description": "Any JSON value."}


def _version(record: type[Struct]) -> str:
    """Return what a document's `schema` says."""
    info = next(f for f in msgspec.structs.fields(record) if f.name == "schema")
    return str(info.type.__args__[0] if info.required else info.default)


def _resources(kinds: Iterable[str]) -> Schema:
    schemas = Schemas()
    found = {kind: schemas.of(KINDS[kind][0]) for kind in kinds}
    lists = {
        kind: {"description": _said(KINDS[kind][0]), "type": ["array", "null"], "items": item}
        for kind, item in found.items()
    }
    root = {"type": "object", "properties": lists, "additionalProperties": False}
    description = f"A YAML file with {listed(found).replace('`', '')}."
    return file_schema(f"ffc: {', '.join(found)}", description, schemas, root)


def _project() -> Schema:
    schemas = Schemas()
    return file_schema(PROJECT_FILE, _said(ProjectFile), schemas, schemas.of(ProjectFile))


def _profiles() -> Schema:
    schemas = Schemas()
    profile = schemas.of(Profile)
    stores = schemas.definitions["Output"]["properties"]
    stores["offline"] = _STORE
    stores["state"] = {"anyOf": [_STORE, {"type": "null"}]}
    stores["online"] = {"anyOf": [_STORE, _STORES, {"type": "null"}]}
    root = {"type": "object", "additionalProperties": profile}
    return file_schema(PROFILES_FILE, "Profiles by name.", schemas, root)


def _selectors() -> Schema:
    schemas = Schemas()
    selector, by_method = schemas.of(Selector), schemas.of(Definition)
    wanted = {"$ref": "#/$defs/Wanted"}
    several: Schema = {"type": "array", "minItems": 1, "items": wanted}
    less = _only({"exclude": several})
    parts: Schema = {**several, "items": {"anyOf": [wanted, less]}}
    methods = [*OWN, *ASIDE, *(f"config.{name}" for name in SETTINGS)]
    value: Schema = {"type": ["string", "number", "boolean"]}
    short = {**_only(dict.fromkeys(methods, value)), "minProperties": 1, "maxProperties": 1}
    del short["required"]
    schemas.definitions["Selector"]["properties"]["definition"] = wanted
    schemas.definitions["Definition"]["properties"]["exclude"] = several
    sets = [_only({name: parts}) for name in ("union", "intersection")]
    schemas.definitions["Wanted"] = {
        "description": "Words as they are typed, a method and its value, a union, an intersection.",
        "anyOf": [{"type": "string", "minLength": 1}, by_method, short, *sets],
    }
    root = _only({"selectors": {"type": "array", "items": selector}})
    return file_schema(SELECTORS_FILE, _said(SelectorsFile), schemas, root)


def _only(properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of a mapping with some keys, and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _said(record: type[Struct]) -> str:
    return (inspect.getdoc(record) or "").replace("`", "")


_RECORDS: Final[Mapping[str, type[Struct]]] = {
    "manifest": Manifest,
    "diagnostics": documents.Diagnostics,
    "lineage": documents.Lineage,
    "run_results": RunResults,
    "docs": documents.Docs,
    "sync_results": documents.SyncResults,
    "training_set": documents.TrainingRows,
    "ls": documents.Listed,
    "node": documents.ShownNode,
    "search": documents.FoundNodes,
    "statistics": Statistics,
    "rows": documents.Rows,
    "compared": documents.ComparedNodes,
    "source_sync": documents.SyncedSources,
    "runs": documents.Runs,
    "run": documents.Run,
    "builds": documents.Builds,
    "deployments": documents.Deployments,
    "rollback": RolledBack,
    "freshness": documents.Freshness,
    "test_results": documents.TestResults,
    "debug": documents.Debugged,
    "conformance": documents.Conforming,
    "cleaned": documents.Cleaned,
    "page": documents.Page,
    "pages": documents.Pages,
    "schemas": documents.SchemaNames,
    "request": FeatureRequest,
    "features": FeatureResponse,
    "served": Served,
    "registry": RegistryDocument,
    "figures": FiguresDocument,
    "serving": Kept,
    "problem": ProblemDocument,
}
SCHEMAS: Final[Mapping[str, tuple[str, Callable[[], Schema]]]] = {
    PROJECT_FILE: (_said(ProjectFile), _project),
    PROFILES_FILE: ("The targets: their stores, and which is meant.", _profiles),
    SELECTORS_FILE: (_said(SelectorsFile), _selectors),
    "resources": ("A YAML file with any kinds of resources.", partial(_resources, KINDS)),
    **{kind: (_said(KINDS[kind][0]), partial(_resources, [kind])) for kind in KINDS},
    **{name: (_said(record), partial(_document, record)) for name, record in _RECORDS.items()},
}


def chosen_schema(name: str) -> Schema:
    """Return a schema by its name; raises a usage error where there is none."""
    if name not in SCHEMAS:
        hint = "".join(did_you_mean(name, SCHEMAS)) or f"there are {listed(SCHEMAS)}"
        raise click.BadParameter(f"there is no schema `{name}`; {hint}", param_hint="'KIND'")
    return SCHEMAS[name][1]()


def list_document() -> dict[str, Any]:
    """Return the `ffc.schemas/v1` document."""
    told = [{"name": name, "description": said} for name, (said, _) in SCHEMAS.items()]
    return {"schema": "ffc.schemas/v1", "schemas": told}


def render_list() -> str:
    """Return what there is, a line each."""
    width = max(map(len, SCHEMAS))
    lines = [f"{name:{width}}  {said.splitlines()[0]}" for name, (said, _) in SCHEMAS.items()]
    return "\n".join(answer_folded(line, width + 2) for line in lines)
