"""What there is to say of the columns of a node, beside their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffc.manifest.records import AnyNode, FeatureView, Label, TrainingSet


def roles(node: AnyNode) -> Mapping[str, str]:
    """Return what columns are for, where the node says: key, timestamp, feature, label ..."""
    if isinstance(node, TrainingSet):
        return {column.name: column.role for column in node.plan.output}
    if isinstance(node, FeatureView):
        found = dict.fromkeys((feature.name for feature in node.features), "feature")
        times = {node.event_time: "timestamp", node.created: "created"}
        return {**found, **times, **dict.fromkeys(node.keys, "key")}
    if isinstance(node, Label):
        keys = dict.fromkeys((key for role in node.roles for key in role.keys), "key")
        return {node.column: "label", node.timestamp: "timestamp", **keys}
    return {}


def descriptions(node: AnyNode) -> Mapping[str, str]:
    """Return the descriptions of columns that have one, those of features too."""
    found = {column.name: column.description for column in node.columns}
    if isinstance(node, FeatureView):
        found |= {each.name: each.description for each in node.features if each.description}
    return {name: text for name, text in found.items() if text}


def defaults(node: AnyNode) -> Mapping[str, Any]:
    """Return what stands for a feature that nothing is known of, where there is such a value."""
    if isinstance(node, FeatureView):
        picked = [(feature.name, feature.default) for feature in node.features]
    elif isinstance(node, TrainingSet):
        picked = [(pick.column, pick.default) for view in node.plan.views for pick in view.picks]
    else:
        picked = []
    return {name: default for name, default in picked if default is not None}
