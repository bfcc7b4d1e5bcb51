"""What every adapter must hold, as checks that anyone can run.

In the tests of a package with an adapter:

    @pytest.mark.parametrize("check", offline_checks(MyStore), ids=str)
    def test_it_conforms(check, tmp_path):
        check.hold(MyStore, Options(where="a test", folder=tmp_path, values={...}))

`online_checks` and `state_checks` do the same of other roles. A warehouse and an online store
are left as they were; a state store whose adapter has no `scratch` must be a new one each time.
`ffc conformance` holds the same of the stores of a target.
"""

from __future__ import annotations

from ffc.adapter import Options
from ffc.conformance.checks import Broken, Check
from ffc.conformance.running import Conformance, Outcome, Watch, conform
from ffc.conformance.suite import named, offline_checks, online_checks, state_checks

__all__ = [
    "Broken",
    "Check",
    "Conformance",
    "Options",
    "Outcome",
    "Watch",
    "conform",
    "named",
    "offline_checks",
    "online_checks",
    "state_checks",
]
