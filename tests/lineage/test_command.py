"""`ffc lineage`: up and down, as a tree, JSON, a flowchart and a graph."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.cli import ffc
from support.projects import FILES, manifest, small_project

from ffc.cli.lineage import DEEPEST, render_lineage
from ffc.manifest.lineage import Place, node_graph
from ffc.manifest.records import Manifest, Transformation


@pytest.fixture
def project(tmp_path: Path) -> Path:
    small_project(tmp_path)
    return tmp_path


def test_a_column_up(project: Path) -> None:
    done = ffc(project, "lineage", "main.spending__amount", "--up")
    assert (done.code, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
training_set.main.spending__amount comes from
│  rows: feature_view.spending (loaded, seen, user_id)
│  rows: label.paid_back (seen, user_id)
└─ feature_view.spending.amount  float64
   │  rows: transformation.clean (loaded, seen, user_id)
   └─ transformation.clean.amount  float64
      └─ source.raw.events.amount  float64
"""
    )


def test_a_column_down(project: Path) -> None:
    done = ffc(project, "lineage", "raw.events.amount", "--down")
    assert done.code == 0
    assert (
        done.stdout
        == """\
source.raw.events.amount goes into
│  rows of: transformation.clean (loaded, paid, seen, user_id)
└─ transformation.clean.amount  float64
   ├─ feature_view.spending.amount  float64
   │  └─ training_set.main.spending__amount  float64
   └─ label.paid_back.amount  float64
"""
    )


def test_a_node_both_ways(project: Path) -> None:
    done = ffc(project, "lineage", "spending")
    assert (
        done.stdout
        == """\
feature_view.spending comes from
├─ entity.user
└─ transformation.clean
   └─ source.raw.events

feature_view.spending goes into
└─ training_set.main
"""
    )


def test_json_has_every_link(project: Path) -> None:
    found = ffc(project, "lineage", "spending.amount", "--output", "json").json()
    assert (found["schema"], found["node"], found["column"]) == (
        "ffc.lineage/v1",
        "feature_view.spending",
        "amount",
    )
    up = {(p["node"], p["column"]): p["kind"] for p in found["up"]}
    assert up["source.raw.events", "amount"] == "value"
    assert up["source.raw.events", "seen"] == "row"
    assert [(p["node"], p["column"]) for p in found["down"]] == [
        ("training_set.main", "spending__amount")
    ]
    assert {
        "from": {"node": "source.raw.events", "column": "amount"},
        "to": {"node": "transformation.clean", "column": "amount"},
        "kind": "value",
    } in found["edges"]


def test_a_flowchart(project: Path) -> None:
    done = ffc(project, "lineage", "clean.paid", "--up", "--output", "mermaid")
    assert (
        done.stdout
        == """\
flowchart LR
  n0["source.raw.events<br/>amount"]
  n1["source.raw.events<br/>paid"]
  n2["transformation.clean<br/>paid"]
  n0 -.-> n2
  n1 --> n2
  style n2 stroke-width:3px
"""
    )


def test_no_more_than_so_many_steps(project: Path) -> None:
    done = ffc(project, "lineage", "main", "--depth", "1")
    assert (
        done.stdout
        == """\
training_set.main comes from
├─ feature_view.profile  (2 more)
├─ feature_view.spending  (2 more)
└─ label.paid_back  (2 more)

training_set.main goes into
  nothing
"""
    )
    near = ffc(project, "lineage", "main", "--depth", "1", "--output", "json").json()
    assert [place["node"] for place in near["up"]] == [
        "feature_view.profile",
        "feature_view.spending",
        "label.paid_back",
    ]
    assert len(near["edges"]) == 3
    both = ffc(project, "lineage", "clean", "--depth", "1", "--output", "json").json()
    assert [place["node"] for place in both["up"]] == ["source.raw.events"]
    assert [p["node"] for p in both["down"]] == ["feature_view.spending", "label.paid_back"]
    assert ffc(project, "lineage", "main", "--depth", "0").code == 2


def _named(*parents: list[str]) -> Manifest:
    """Return a manifest of transformations `t0`, `t1` ..., each reading others."""
    nodes = tuple(
        Transformation(
            id=f"transformation.t{i}",
            name=f"t{i}",
            path=f"transformations/t{i}.sql",
            line=1,
            depends_on=tuple(f"transformation.{name}" for name in names),
            raw="select 1 as a",
            sql="select 1 as a",
        )
        for i, names in enumerate(parents)
    )
    small = manifest()
    return Manifest(project=small.project, target=small.target, nodes=nodes)


def _tree(found: Manifest, name: str, depth: int | None = None) -> list[str]:
    graph = node_graph(found)
    start = Place(f"transformation.{name}")
    drawn = click.unstyle(render_lineage(found, graph, start, (True,), depth))
    return drawn.replace("transformation.", "").splitlines()


def test_what_is_drawn_once_is_referred_to() -> None:
    # t3 reads t2 and t1, t2 reads t1, t1 reads t0: what t1 reads is drawn once.
    diamond = _named([], ["t0"], ["t1"], ["t1", "t2"])
    assert _tree(diamond, "t3") == [
        "t3 comes from",
        "├─ t1",
        "│  └─ t0",
        "└─ t2",
        "   └─ t1  (above)",
    ]


def test_what_was_cut_off_far_away_is_drawn_where_it_is_near() -> None:
    # By way of t3 and t2 the way to t1 is longer than by itself, and comes first.
    found = _named([], ["t0"], ["t4"], ["t2", "t4"], ["t1"])
    assert _tree(found, "t3", 3) == [
        "t3 comes from",
        "├─ t2",
        "│  └─ t4",
        "│     └─ t1  (1 more)",
        "└─ t4",
        "   └─ t1",
        "      └─ t0",
    ]


def test_a_chain_of_thousands_goes_on_below() -> None:
    length = 3_000
    lines = _tree(_named([], *([f"t{i}"] for i in range(length))), f"t{length}")
    assert max(map(len, lines)) <= 3 * DEEPEST + len("t3000  (below)")
    told = [match[1] for line in lines if (match := re.search(r"─ (t\d+)", line))]
    assert told == [f"t{i}" for i in range(length - 1, -1, -1)]
    below = [line.split()[-2] for line in lines if line.endswith("(below)")]
    assert below == [line.split(",")[0] for line in lines if line.endswith(", from above")]
    assert len(below) == length // DEEPEST - 1


def test_what_is_drawn_nearer_meanwhile_is_not_drawn_again_below() -> None:
    # The way along the chain is too long for what t2 reads; by way of t99 it is near.
    chain = [[f"t{i - 1}"] if i else [] for i in range(DEEPEST + 2)]
    named = [*chain, *([] for _ in range(99 - len(chain))), ["t2"], [f"t{len(chain) - 1}", "t99"]]
    lines = _tree(_named(*named), "t100")
    assert [line.split()[-2] for line in lines if line.endswith("(below)")] == ["t2"]
    assert lines[-4:] == ["└─ t99", "   └─ t2", "      └─ t1", "         └─ t0"]


def test_a_name_means_the_variant_that_goes_first(tmp_path: Path) -> None:
    second = """\
  - name: spending
    variant: v2
    default: true
    entity: user
    source: ref('clean')
    timestamp: seen
    created: loaded
    features: [{name: twice, column: amount, type: float64}]
labels:
"""
    text = FILES["features/all.yml"].replace("labels:\n", second)
    project = small_project(tmp_path, **{"features/all.yml": text})
    main = project / "training_sets" / "main.yml"
    main.write_text(main.read_text().replace("spending.amount", "spending.twice"))
    for place in ("spending", "spending@v2", "feature_view.spending@v2"):
        done = ffc(project, "lineage", place, "--up")
        assert done.stdout.startswith("feature_view.spending@v2 comes from\n"), place
    plain = ffc(project, "lineage", "feature_view.spending", "--up").stdout
    assert plain.startswith("feature_view.spending comes from\n")


def test_a_terminal_without_lines(project: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "ffc", "lineage", "spending"]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=True
    )
    assert (
        done.stdout
        == """\
feature_view.spending comes from
|- entity.user
`- transformation.clean
   `- source.raw.events

feature_view.spending goes into
`- training_set.main
"""
    )


def test_a_graph(project: Path) -> None:
    done = ffc(project, "lineage", "clean.paid", "--up", "--output", "dot")
    assert (
        done.stdout
        == """\
digraph lineage {
  rankdir=LR;
  node [shape=box];
  n0 [label="source.raw.events\\namount"];
  n1 [label="source.raw.events\\npaid"];
  n2 [label="transformation.clean\\npaid", penwidth=3];
  n0 -> n2 [style=dashed];
  n1 -> n2;
}
"""
    )


# What has a meaning of its own to Mermaid, DOT, HTML, Markdown or SQL.
ODD = (
    *('a"b', "a'b", "new\nline", "tab\there", "1. list", "- item", "`md`", "**md**", "[x](y)"),
    *("%%{init: {}}%%", "<b>x</b>", "#quot;", "&amp;", "a;b", "$$x$$", "{a}", "x --> y", "]"),
    *("back\\slash", "end\\", "\\N", "end", "größe 大", "名前"),
)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    quoted = [name.replace('"', '""') for name in ODD]
    columns = ",\n".join(f'amount as "{name}"' for name in quoted)
    sql = f"select {columns}\nfrom {{{{ ref('clean') }}}}\n"
    return small_project(tmp_path, **{"transformations/odd.sql": sql})


def _seen(name: str) -> str:
    return re.sub(r"\s", " ", name)


def test_odd_names_in_a_flowchart(odd: Path) -> None:
    drawn = ffc(odd, "lineage", "clean.amount", "--down", "--output", "mermaid").stdout
    labels = re.findall(r'^  n\d+\["([^"]*)"\]$', drawn, re.MULTILINE)
    shown = {name for label in labels for node, _, name in [label.partition("<br/>")] if name}
    # A number that stands for a character, or what means nothing else anywhere in a label.
    assert all(re.fullmatch(r"(#\d+;|[\w ,])+", name) for name in shown)
    read = {re.sub(r"#(\d+);", lambda found: chr(int(found[1])), name) for name in shown}
    assert read >= {_seen(name) for name in ODD}
    others = [line for line in drawn.splitlines() if "[" not in line]
    assert all(re.fullmatch(r"flowchart LR|  n\d+ -->.*n\d+|  style .*", each) for each in others)


def test_odd_names_in_a_graph(odd: Path) -> None:
    drawn = ffc(odd, "lineage", "clean.amount", "--down", "--output", "dot").stdout
    text = r'"((?:[^"\\]|\\[n"\\])*)"'
    labels = re.findall(rf"^  n\d+ \[label={text}(?:, penwidth=3)?\];$", drawn, re.MULTILINE)
    escapes = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
    read = [re.sub(r"\\.", lambda found: escapes[found[0]], label) for label in labels]
    shown = {html.unescape(label).partition("\n")[2] for label in read}
    assert shown >= {_seen(name) for name in ODD}
    assert len(labels) == drawn.count("label=")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("spendin", "there is no node `spendin`"),
        ("spending.amont", "`feature_view.spending` has no column `amont`"),
        ("spending.amont", "did you mean `amount`?"),
        ("raw.event.amount", "did you mean `raw.events`?"),
    ],
)
def test_what_is_not_there_is_said(project: Path, place: str, words: str) -> None:
    done = ffc(project, "lineage", place)
    assert done.code == 1
    assert words in " ".join(done.stderr.split())


def test_a_broken_project_has_no_lineage(project: Path) -> None:
    (project / "transformations" / "clean.sql").write_text("select nope,, from x")
    done = ffc(project, "lineage", "clean")
    assert done.code == 1
    assert "error[FF301]" in done.stderr
