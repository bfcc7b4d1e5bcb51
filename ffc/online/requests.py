"""What models ask for and what they are told: one shape for HTTP, the command line and Python."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from ffc.core.errors import BadRequest

# The most that one request may ask of: entities, features, and values in all.
MOST_ENTITIES: Final = 10_000
MOST_FEATURES: Final = 2_000
MOST_VALUES: Final = 1_000_000
# What documents say of these lists; larger ones are refused in our own words.
Features = Annotated[list[str], Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_FEATURES})]
# Whoever reads an answer takes words that a later server may say.
_Status = Annotated[str, Meta(extra_json_schema={"enum": ["ok", "missing", "expired", "error"]})]


class FeatureRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked, of whom, and whether to say more than values.

    `features`, or those of a `training_set` or of a `model`; a model beside features says who asks.
    """

    features: Features | None = None
    training_set: str | None = None
    model: str | None = None
    entities: Annotated[list[dict[str, Any]], Meta(extra_json_schema={"maxItems": MOST_ENTITIES})]
    metadata: bool = True


class AnswerColumn(Struct, frozen=True):
    """A column of an answer."""

    name: str
    type: str


class AnswerRow(Struct, frozen=True, omit_defaults=True):
    """The answer for one entity, in the order in which entities were asked for."""

    entity: dict[str, Any]
    values: list[Any]
    statuses: list[_Status] | None = None
    event_times: list[str | None] | None = None


class FeatureResponse(Struct, frozen=True, kw_only=True):
    """The document `ffc.features/v1`."""

    schema: Literal["ffc.features/v1"] = "ffc.features/v1"
    as_of: str
    deployment: str
    columns: list[AnswerColumn]
    rows: list[AnswerRow]


def check_size(entities: int, features: int) -> None:
    """Return if a request asks of no more than can be answered; raises BadRequest."""
    if entities > MOST_ENTITIES:
        message = f"{entities:,} entities are asked about: {MOST_ENTITIES:,} at the most"
        raise BadRequest(message, field="entities", help=["ask in parts"])
    check_features(features)
    if entities * features > MOST_VALUES:
        message = f"{entities * features:,} values are asked for: {MOST_VALUES:,} at the most"
        raise BadRequest(message, field="entities", help=["ask in parts"])


def check_features(features: int) -> None:
    """Return if that many features can be asked for at once; raises BadRequest."""
    if features > MOST_FEATURES:
        message = f"{features:,} features are asked for: {MOST_FEATURES:,} at the most"
        raise BadRequest(message, field="features", help=["ask in parts"])
