"""Training sets: each pick resolved, each column named, the point-in-time plan made."""

from __future__ import annotations

from collections.abc import Sequence

from ffc.compiler.compilation import Compilation, as_written, missing_column
from ffc.compiler.picks import Picked, Picker
from ffc.core.diagnostics import Diagnostic, Span, error, listed, shortened, warning
from ffc.core.names import node_id
from ffc.manifest import plans, records
from ffc.project.resources import TrainingSet
from ffc.sql.point_in_time import training_set_query
from ffc.sql.search import Shape, usual_shape


def plan_training_sets(state: Compilation) -> None:
    """Check every training set and make its node."""
    for training_set in state.resources.training_sets:
        _plan(state, training_set)


def _plan(state: Compilation, wanted: TrainingSet) -> None:
    node = node_id("training_set", wanted.name, wanted.variant)
    entry = state.resolve(node, wanted.label, wanted.at("label"), "label")
    label = state.nodes.get(entry.id) if entry else None
    picker = Picker(state, node, label if isinstance(label, records.Label) else None)
    picks = [
        picked
        for index, item in enumerate(wanted.features)
        for picked in picker.pick(item, wanted.at("features", index))
    ]
    if not isinstance(label, records.Label):
        state.failed.add(node)
        return
    if not wanted.features:
        state.report(node, error("FF106", "a training set needs features", wanted.at("features")))
    placed = _output(state, node, wanted, label, picks)
    _check_names(state, node, placed)
    output = [column for column, _ in placed]
    if not label.timestamp:
        state.report(node, _no_leak_check(label, wanted))
    parents = {label.id, *(p.view.id for p in picks if p.view is not None)}
    if parents & state.unbuilt:
        state.unbuilt.add(node)
    if node in state.failed or node in state.unbuilt:
        return
    plan = records.Plan(
        label=label.id,
        timestamp=label.timestamp,
        label_column=label.column,
        views=_lookups(state, wanted, label, picks),
        output=tuple(output),
    )
    types = {column.name: column for column in output}
    state.nodes[node] = records.TrainingSet(
        **as_written(node, wanted),
        depends_on=tuple(sorted(parents)),
        columns=tuple(records.Column(name=n, type=c.type) for n, c in types.items()),
        label=label.id,
        plan=plan,
        sql=state.text(training_set_query(plan, _shape(state))),
    )


def _no_leak_check(label: records.Label, wanted: TrainingSet) -> Diagnostic:
    message = f"the label `{label.name}` has no timestamp: nothing can be checked for leaks"
    return warning("FF505", message, wanted.at("label"))


def _shape(state: Compilation) -> Shape:
    return usual_shape(state.target.asof_join, state.target.indexes)


def _lookups(
    state: Compilation, wanted: TrainingSet, label: records.Label, picks: Sequence[Picked]
) -> tuple[records.ViewPlan, ...]:
    asked = [
        plans.Picked(
            view=p.view,
            role=p.role,
            lag=p.lag,
            pick=records.Pick(feature=p.feature, column=p.column, type=p.type, default=p.default),
        )
        for p in picks
        if p.view is not None
    ]
    entities = {n.name: n for n in state.nodes.values() if isinstance(n, records.Entity)}
    words = plans.Words(
        boundary=wanted.boundary or state.project.boundary,
        as_known=state.project.as_known if wanted.as_known is None else wanted.as_known,
    )
    return plans.lookups(asked, label.roles, entities, words)


def _output(
    state: Compilation,
    node: str,
    wanted: TrainingSet,
    label: records.Label,
    picks: Sequence[Picked],
) -> list[tuple[records.OutputColumn, Span]]:
    """Return the columns and their places: keys, time, `include`, features, the label last."""
    columns = {column.name: column for column in label.columns}
    of_label = wanted.at("label")
    keys = dict.fromkeys(key for role in label.roles for key in role.keys)
    output = [(_own(columns, key, "key", key), of_label) for key in keys]
    if label.timestamp:
        output.append((_own(columns, label.timestamp, "timestamp", label.timestamp), of_label))
    for index, name in enumerate(wanted.include):
        place = wanted.at("include", index)
        if name not in columns:
            where = f"the source of the label `{label.name}`"
            state.report(node, missing_column(name, columns, where, place))
        else:
            output.append((_own(columns, name, "include", name), place))
    for p in picks:
        column = records.OutputColumn(name=p.column, role="feature", type=p.type, origin=p.origin)
        output.append((column, p.span))
    return [*output, (_own(columns, label.name, "label", label.column), of_label)]


def _own(
    columns: dict[str, records.Column], name: str, role: records.OutputRole, origin: str
) -> records.OutputColumn:
    # A label's column that is not there was reported with the label.
    type_ = columns[origin].type if origin in columns else ""
    return records.OutputColumn(name=name, role=role, type=type_, origin=origin)


def _check_names(
    state: Compilation, node: str, output: Sequence[tuple[records.OutputColumn, Span]]
) -> None:
    seen: dict[str, tuple[records.OutputColumn, Span]] = {}
    for column, place in output:
        if len(column.name.encode()) > state.max_identifier:
            shown = shortened(column.name)
            message = f"the column `{shown}` is longer than the target allows"
            help_ = f"give it a shorter name with `as` ({state.max_identifier} bytes at most)"
            state.report(node, error("FF601", message, place, help=[help_]))
        folded = column.name.lower()
        if folded in seen:
            first, where = seen[folded]
            both = listed(dict.fromkeys((first.name, column.name)))
            help_ = "give a feature another name with `{feature: ..., as: ...}`"
            if column.role == "include":
                help_ = "leave it out of `include`"
            message = f"two columns of one name: {both}"
            if column.role == "feature" and column.origin == first.origin:
                help_ = "it is picked twice: leave one out"
            told = "first here" if first.role in ("feature", "include") else "this has the first"
            related = [where.labelled(told)] if where != place else []
            state.report(node, error("FF405", message, place, related=related, help=[help_]))
        seen.setdefault(folded, (column, place))
