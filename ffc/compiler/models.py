"""Models: which features each asks for, and its node."""

from __future__ import annotations

from collections.abc import Sequence

from ffc.compiler.compilation import Compilation, as_written
from ffc.compiler.picks import Picked, Picker
from ffc.core.diagnostics import Span, error
from ffc.core.names import node_id
from ffc.manifest import records
from ffc.project.resources import Model


def plan_models(state: Compilation) -> None:
    """Check that what every model asks for is there, and make its node."""
    for model in state.resources.models:
        node = node_id("model", model.name)
        made = _of_a_set(state, node, model) if model.training_set else _own(state, node, model)
        if made is not None and node not in state.failed:
            state.nodes[node] = made


def _of_a_set(state: Compilation, node: str, model: Model) -> records.Model | None:
    place = model.at("training_set")
    entry = state.resolve(node, model.training_set, place, "training_set")
    training_set = state.nodes.get(entry.id) if entry else None
    if not isinstance(training_set, records.TrainingSet):
        return None
    features = [column for column in training_set.plan.output if column.role == "feature"]
    views = training_set.plan.views
    return records.Model(
        **as_written(node, model),
        depends_on=(training_set.id,),
        columns=tuple(records.Column(name=c.name, type=c.type) for c in features),
        entities=tuple(dict.fromkeys(view.entity for view in views)),
        training_set=training_set.id,
    )


def _own(state: Compilation, node: str, model: Model) -> records.Model:
    if not model.features:
        message = "a model needs features, or a training set"
        state.report(node, error("FF106", message, model.at("features")))
    picks = _picks(state, node, model)
    reads = {view for picked in picks for view in picked.reads}
    views = [picked.view for picked in picks if picked.view is not None]
    return records.Model(
        **as_written(node, model),
        depends_on=tuple(sorted(reads)),
        columns=tuple(records.Column(name=p.column, type=p.type) for p in picks),
        entities=tuple(dict.fromkeys(view.entity for view in views)),
        features=tuple(
            records.ModelFeature(
                view=p.view.id if p.view is not None else "", feature=p.feature, column=p.column
            )
            for p in picks
        ),
    )


def _picks(state: Compilation, node: str, model: Model) -> Sequence[Picked]:
    """Return what a model picks, having reported what it picks twice."""
    picker = Picker(state, node, None, built=False)
    first: dict[str, Span] = {}
    found = []
    for index, item in enumerate(model.features):
        place = model.at("features", index)
        for picked in picker.pick(item, place):
            found.append(picked)
            before = first.setdefault(picked.column.lower(), place)
            if before != place:
                message = f"`{model.name}` asks for `{picked.column}` twice"
                related = [before.labelled("first here")]
                state.report(node, error("FF405", message, place, related=related))
    return found
