"""`ffc get`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ffc.cli import completing, options

if TYPE_CHECKING:
    from ffc.online.requests import FeatureResponse


@click.command(
    "get",
    cls=options.Command,
    short_help="Ask for features of an entity, as a model would.",
    examples=(
        "ffc get customer_daily.txn_count_7d --key customer_id=C00042",
        "ffc get 'customer_daily.*' --key customer_id=C00042 --output json",
    ),
)
@click.argument(
    "features",
    nargs=-1,
    required=True,
    metavar="VIEW.FEATURE...",
    shell_complete=completing.complete_feature,
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="NAME=VALUE",
    help="A key of the entity; again for more.",
)
@options.options(options.WHERE, options.TALK)
def command(
    features: tuple[str, ...],
    keys: tuple[str, ...],
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Print the newest synced values of features for one entity, and how they stand.

    For example: ffc get customer_daily.txn_count_7d --key customer_id=C00042
    """
    from ffc.auth import local_user
    from ffc.core.clock import utc_now
    from ffc.manifest.files import encode
    from ffc.online.requests import FeatureRequest
    from ffc.serve.deployment import Deployment
    from ffc.workspace.folder import open_target

    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        reader = Deployment(opened.session).reader()
        entity = reader.entity(_pairs(keys))
        request = FeatureRequest(features=list(features), entities=[entity])
        answer = reader.read(request, utc_now(), principal=local_user())
    if output == "json":
        click.echo(encode(answer).decode(), nl=False)
    else:
        _print(answer)
    return 0


def _pairs(keys: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in keys:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"`{text}` must be NAME=VALUE", param_hint="--key")
        pairs[name] = value
    return pairs


def _print(answer: FeatureResponse) -> None:
    from ffc.cli.widths import table_width
    from ffc.core.tables import render_fitted

    row = answer.rows[0]
    columns = zip(
        answer.columns, row.values, row.statuses or (), row.event_times or (), strict=True
    )
    heads = ["feature", "value", "status", "event time"]
    table = [(c.name, value, status, time or "") for c, value, status, time in columns]
    click.echo(render_fitted(heads, table, table_width()))
