"""The adapter API: all that an adapter may import of ffc, and all that ffc asks of one.

An adapter is a class registered under an entry point: `ffc.offline` (a warehouse), `ffc.online`
(a key-value store) or `ffc.state` (where deployments are remembered).
"""

from __future__ import annotations

from ffc.adapter.offline import Capabilities, Format, Handle, Load, OfflineStore, Relation, Status
from ffc.adapter.online import WRITE_SCHEMA, Given, OnlineStore
from ffc.adapter.options import Options
from ffc.adapter.state import (
    Build,
    DeploymentRecord,
    Lease,
    ModelUse,
    Move,
    NodeRun,
    Observation,
    OnlineView,
    Pointer,
    RunRecord,
    ServedMinute,
    StateStore,
    is_held,
)
from ffc.core.errors import (
    Cancelled,
    DataError,
    FfcError,
    Locked,
    ProfileError,
    StateError,
    StatementFailed,
    StoreError,
    Transient,
    Unreachable,
)
from ffc.core.interrupts import awaited, interruptible
from ffc.core.types import Type, known_type, parse_type, widens

__all__ = [
    "WRITE_SCHEMA",
    "Build",
    "Cancelled",
    "Capabilities",
    "DataError",
    "DeploymentRecord",
    "FfcError",
    "Format",
    "Given",
    "Handle",
    "Lease",
    "Load",
    "Locked",
    "ModelUse",
    "Move",
    "NodeRun",
    "Observation",
    "OfflineStore",
    "OnlineStore",
    "OnlineView",
    "Options",
    "Pointer",
    "ProfileError",
    "Relation",
    "RunRecord",
    "ServedMinute",
    "StateError",
    "StateStore",
    "StatementFailed",
    "Status",
    "StoreError",
    "Transient",
    "Type",
    "Unreachable",
    "awaited",
    "interruptible",
    "is_held",
    "known_type",
    "parse_type",
    "widens",
]
