"""`config()`: what a transformation says of how it is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.durations import parse_duration
from ffc.project.template import Rendered, Setting

MATERIALIZED: Final = ("view", "table", "incremental", "ephemeral", "snapshot")
DIALECTS: Final = ("duckdb", "postgres", "snowflake")
# Each setting with the materializations that it means something for; none for all.
SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "materialized": (),
    "dialect": (),
    "time_column": ("incremental",),
    "lookback": ("incremental",),
    "on_schema_change": ("incremental",),
    "unique_key": ("incremental", "snapshot"),
    "strategy": ("snapshot",),
    "updated_at": ("snapshot",),
    "check_columns": ("snapshot",),
}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "materialized": MATERIALIZED,
    "on_schema_change": ("fail", "append", "rebuild"),
    "strategy": ("timestamp", "check"),
}
# The settings that name columns of the query.
COLUMNS: Final = ("time_column", "unique_key", "updated_at", "check_columns")
TIMES: Final = ("time_column", "updated_at")
_WORDS: Final = ("description", "owner", "tags")
_DBT: Final = {
    "alias": "a transformation is published under its own name",
    "schema": "the target's `schema` in profiles.yml says where tables are published",
    "enabled": "delete the file: git remembers it",
    "incremental_strategy": "with `unique_key` rows are merged, without it they are replaced",
}


_DBT_VALUES: Final = {
    "append_new_columns": "append",
    "sync_all_columns": "rebuild",
    "materialized_view": "view",
}


def materialized(rendered: Rendered, default: str = "view") -> str:
    """Return how a transformation is built."""
    value = rendered.settings["materialized"].value if "materialized" in rendered.settings else ""
    return value if isinstance(value, str) and value in MATERIALIZED else default


def check_settings(
    rendered: Rendered, default: str = "view", default_at: Span | None = None
) -> list[Diagnostic]:
    """Report settings that there are not, that are of another kind, or that lack another.

    `default` is what the file's folder says of how it is built, `default_at` where.
    """
    problems = [
        problem
        for name, setting in rendered.settings.items()
        for problem in _check(name, setting, materialized(rendered, default))
    ]
    wrong = rendered.settings.get("materialized")
    if wrong is not None and wrong.value not in MATERIALIZED:
        # What the others mean can't be told.
        return [p for p in problems if p.span in (wrong.name_at, wrong.value_at)]
    return problems or list(_lacking(rendered, materialized(rendered, default), default_at))


def _check(name: str, setting: Setting, kind: str) -> Iterator[Diagnostic]:
    if name not in SETTINGS:
        yield _unknown(name, setting)
    elif SETTINGS[name] and kind not in SETTINGS[name]:
        kinds = listed((f"materialized='{each}'" for each in SETTINGS[name]), "or")
        message = f"`{name}` means nothing for a {kind}"
        yield error("FF105", message, setting.name_at, help=[f"it goes with {kinds}"])
    elif name in CHOICES and setting.value not in CHOICES[name]:
        message = f"`{name}` must be {listed(CHOICES[name], 'or')}, not `{setting.value}`"
        meant = _DBT_VALUES.get(str(setting.value), str(setting.value))
        hints = did_you_mean(meant, CHOICES[name])
        yield error("FF105", message, setting.value_at, help=hints)
    elif name == "dialect" and setting.value not in DIALECTS:
        message = f"`dialect` must be {listed(DIALECTS, 'or')}, not `{setting.value}`"
        hints = did_you_mean(str(setting.value), DIALECTS)
        yield error("FF105", message, setting.value_at, help=hints)
    elif name == "lookback" and parse_duration(str(setting.value)) is None:
        message = f"`lookback` must be a duration, not `{setting.value}`"
        help_ = "write a number and a unit: `30s`, `15m`, `1h`, `7d` or `4w`"
        yield error("FF105", message, setting.value_at, help=[help_])
    elif name in COLUMNS and not columns_of(setting):
        several = name in ("unique_key", "check_columns")
        wanted = "a column or a list of columns" if several else "a column"
        message = f"`{name}` must be {wanted}, not `{setting.value}`"
        yield error("FF105", message, setting.value_at)
    elif name in TIMES and not isinstance(setting.value, str):
        yield error("FF105", f"`{name}` must be one column", setting.value_at)


def columns_of(setting: Setting) -> list[str]:
    """Return the columns that a setting names; none where it names none."""
    values = setting.value if isinstance(setting.value, list | tuple) else [setting.value]
    return [v for v in values if isinstance(v, str)] if all(map(_is_text, values)) else []


def settings_of(rendered: Rendered, kind: str) -> dict[str, Any]:
    """Return right settings as a transformation's record has them: columns, seconds, words."""
    said = {name: s for name, s in rendered.settings.items() if kind in SETTINGS[name]}
    found: dict[str, Any] = {name: setting.value for name, setting in said.items()}
    for name in ("unique_key", "check_columns"):
        if name in said:
            found[name] = tuple(columns_of(said[name]))
    if "lookback" in said:
        found["lookback"] = int(parse_duration(str(said["lookback"].value)) or 0)
    if kind == "incremental":
        found.setdefault("on_schema_change", "fail")
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _unknown(name: str, setting: Setting) -> Diagnostic:
    hints = did_you_mean(name, SETTINGS) or (f"it may have {listed(SETTINGS)}",)
    if name in _WORDS:
        hints = (f"write `{name}:` in a YAML file beside it, under `transformations:`",)
    hints = (_DBT[name],) if name in _DBT else hints
    return error("FF104", f"`config()` has no setting `{name}`", setting.name_at, help=hints)


def _lacking(rendered: Rendered, kind: str, default_at: Span | None) -> Iterator[Diagnostic]:
    """Yield what a materialization needs and does not have."""
    settings = rendered.settings
    related = []
    if "materialized" in settings:
        place = settings["materialized"].value_at
    else:
        place = rendered.file.span
        related = [default_at.labelled("the default of its folder")] if default_at else []
    if kind == "incremental" and not {"time_column", "unique_key"} & set(settings):
        message = "an incremental needs `time_column`, `unique_key` or both"
        help_ = "by `time_column` it knows what is new, by `unique_key` what is newer"
        yield error("FF106", message, place, related=related, help=[help_])
    if kind == "incremental" and "lookback" in settings and "time_column" not in settings:
        message = "`lookback` goes back from the watermark, which needs `time_column`"
        yield error("FF106", message, settings["lookback"].name_at)
    if kind != "snapshot":
        return
    for name in ("unique_key", "strategy"):
        if name not in settings:
            yield error("FF106", f"a snapshot has no `{name}`", place, related=related)
    needs = {"timestamp": "updated_at", "check": "check_columns"}
    strategy = settings.get("strategy")
    needed = needs.get(str(strategy.value), "") if strategy else ""
    if strategy is not None and needed and needed not in settings:
        message = f"the strategy `{strategy.value}` needs `{needed}`"
        yield error("FF106", message, strategy.value_at)
