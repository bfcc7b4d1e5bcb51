"""Models: which features each asks for."""

from __future__ import annotations

from ffc.compiler.compilation import Compilation
from ffc.compiler.picks import Picker
from ffc.core.diagnostics import Span, error
from ffc.core.names import node_id


def check_models(state: Compilation) -> None:
    """Check that what every model asks for is there."""
    for model in state.resources.models:
        node = node_id("model", model.name)
        if model.training_set:
            state.resolve(node, model.training_set, model.at("training_set"), "training_set")
            continue
        if not model.features:
            message = "a model needs features, or a training set"
            state.report(node, error("FF106", message, model.at("features")))
        picker = Picker(state, node, None, built=False)
        first: dict[str, Span] = {}
        for index, item in enumerate(model.features):
            place = model.at("features", index)
            for picked in picker.pick(item, place):
                before = first.setdefault(picked.column.lower(), place)
                if before != place:
                    message = f"`{model.name}` asks for `{picked.column}` twice"
                    related = [before.labelled("first here")]
                    state.report(node, error("FF405", message, place, related=related))
