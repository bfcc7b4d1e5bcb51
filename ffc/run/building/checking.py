"""What must hold of a build before anything points to it."""

from __future__ import annotations

from collections.abc import Mapping

from ffc.adapter.offline import Relation
from ffc.adapter.state import Pointer
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.errors import DataError
from ffc.manifest.records import AnyNode, FeatureView, Source, TrainingSet
from ffc.sql.history import duplicates
from ffc.sql.learning import asked_too_early
from ffc.sql.sources import out_of_range


def check_built(
    warehouse: Warehouse,
    node: AnyNode,
    relation: Relation,
    rows: int | None,
    pointers: Mapping[str, Pointer],
) -> None:
    """Return if a build keeps what its kind promises; raises DataError."""
    if isinstance(node, FeatureView) and not node.event_time:
        found = warehouse.rows(duplicates(node), {node.id: relation})
        if found:
            raise _two_rows(node, found)
    if isinstance(node, Source) and node.table:
        _check_times(warehouse, node, relation)
    if isinstance(node, TrainingSet):
        label = warehouse.count(Relation(*pointers[node.label].build.relation))
        if label != rows:
            raise DataError(
                f"`{node.name}` has {rows} rows, but its label has {label}: not published",
                help=["this should never happen: please report it with the compiled SQL"],
            )


def unlearned(
    warehouse: Warehouse, node: TrainingSet, parents: Mapping[str, Relation | str]
) -> str:
    """Return a warning where most rows ask before anything of a view was learned.

    That happens after a bulk load.
    """
    for view in node.plan.views:
        if not (view.as_known and view.created and node.plan.timestamp):
            continue
        (row,) = warehouse.rows(asked_too_early(node.plan, view), parents)
        asked, early = int(str(row["asked"])), int(str(row["early"]))
        if 2 * early > asked:
            return (
                f"{early:,} of {asked:,} label rows ask before the first `{view.created}` of "
                f"`{view.view.partition('.')[2]}`: they get no value, since nothing had been "
                "learned. If a first bulk load stamped every row with its own time, put the "
                "true times there, or say `as_known: false`"
            )
    return ""


def _check_times(warehouse: Warehouse, node: Source, relation: Relation) -> None:
    """Return if every time of an existing table is one that every store can hold."""
    times = [column.name for column in node.columns if column.type in ("timestamp", "date")]
    if not times:
        return
    (row,) = warehouse.rows(out_of_range(table_of(relation), times))
    wrong = [f"{row[name]:,} in `{name}`" for name in times if row[name]]
    if wrong:
        raise DataError(
            f"the table `{node.table}` has times that are infinite or of no year from 1 to 9999: "
            + ", ".join(wrong),
            help=["mend them there, or read a view of it that leaves them out or says null"],
        )


def _two_rows(node: FeatureView, found: list[dict[str, object]]) -> DataError:
    shown = [
        ", ".join(f"{key} = {row[key]!r}" for key in node.keys) + f" ({row['__rows']} rows)"
        for row in found
    ]
    return DataError(
        f"the static view `{node.name}` has more than one row for a key",
        help=[
            *shown,
            "a view without `timestamp` holds one row for each key: deduplicate its source, or "
            "say when each row became true",
        ],
    )
