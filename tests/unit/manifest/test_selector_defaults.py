"""Default selectors that a template tells from the target."""

from __future__ import annotations

import re
from pathlib import Path

from support.cli import ffc
from support.projects import small_project

BY_TARGET = """\
selectors:
  - name: here
    default: "{{ target.name == 'dev' | as_bool }}"
    definition: clean
  - name: there
    default: "{{ target.name in var('far', ['prod']) }}"
    definition: kind:label
"""


def test_a_default_is_told_from_the_target(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"selectors.yml": BY_TARGET})
    profiles = (project / "profiles.yml").read_text()
    dev = re.search(r"( +)dev:\n(?:\1 +.*\n)+", profiles)
    assert dev is not None
    both = profiles + dev[0].replace("dev:", "prod:") + dev[0].replace("dev:", "test:")
    (project / "profiles.yml").write_text(both)
    done = ffc(project, "ls")
    assert (done.code, done.stdout) == (0, "transformation.clean\n")
    assert "the selector `here` is the default" in done.stderr
    assert ffc(project, "ls", "-t", "prod").stdout == "label.paid_back\n"
    assert ffc(project, "ls", "-t", "test").stdout.count("\n") == 8
    assert ffc(project, "ls", "-t", "test", "--vars", "{far: [test]}").stdout == "label.paid_back\n"
    clash = ffc(project, "ls", "--vars", "{far: [dev]}")
    assert (clash.code, clash.stdout) == (1, "")
    assert "both `here` and `there` are the default in the target `dev`" in clash.stderr
    assert "selectors.yml:6:14" in clash.stderr
    odd = BY_TARGET.replace("target.name == 'dev'", "target.name")
    (project / "selectors.yml").write_text(odd)
    wrong = ffc(project, "ls")
    assert (wrong.code, wrong.stdout) == (1, "")
    assert "`default` of `here` becomes `dev`, neither true nor false" in wrong.stderr
    assert "selectors.yml:3:14" in wrong.stderr
    # What a value is missing for is said, by who asks for the default; not where words are typed.
    (project / "selectors.yml").write_text(BY_TARGET.replace("'far', ['prod']", "'farr'"))
    assert ffc(project, "compile").code == 0
    missing = ffc(project, "ls")
    assert missing.code == 1
    assert "the variable `farr` has no value" in missing.stderr
    assert "selectors.yml:6:37" in missing.stderr
    assert ffc(project, "ls", "-s", "clean").stdout == "transformation.clean\n"
