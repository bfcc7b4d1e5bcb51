"""The kinds of resources: the key of a file that lists them, the record that each is read into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ffc.core.decode import Record
from ffc.project.resources import (
    Entity,
    FeatureView,
    Label,
    Model,
    OnDemand,
    SourceGroup,
    TrainingSet,
    TransformationNotes,
    UnitTest,
)

KINDS: Final[Mapping[str, tuple[type[Record], str]]] = {
    "sources": (SourceGroup, "a source group"),
    "transformations": (TransformationNotes, "a transformation"),
    "entities": (Entity, "an entity"),
    "feature_views": (FeatureView, "a feature view"),
    "labels": (Label, "a label"),
    "on_demand": (OnDemand, "an on-demand feature"),
    "training_sets": (TrainingSet, "a training set"),
    "models": (Model, "a model"),
    "unit_tests": (UnitTest, "a unit test"),
}
RESERVED: Final = ("streams", "monitors", "policies", "groups")
