"""ffc: a feature store that is a compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ffc.client.client import Client as Client

__all__ = ["Client", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the client when it is first asked for: the command line starts without it."""
    if name == "Client":
        from ffc.client.client import Client

        return Client
    raise AttributeError(f"module `ffc` has no attribute `{name}`")
