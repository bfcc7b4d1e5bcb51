"""Run the service on granian."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ffc.auth import local_user
from ffc.connect.profiles import choose_target, read_profile, usable
from ffc.connect.session import Session
from ffc.core.errors import Unreachable
from ffc.serve.app import FeatureService
from ffc.serve.deployment import Deployment
from ffc.serve.offline import Offline

# How a worker process learns what to serve: granian starts it by import.
VARIABLE = "FFC_SERVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What to serve and where to listen."""

    project: Path
    profiles: Path | None
    profile: str
    target: str
    host: str
    port: int
    token_env: str = ""
    offline: bool = False


def check_address(host: str, port: int) -> None:
    """Return if the address can be listened on; raises Unreachable.

    granian's workers share their port, and so would two servers, each answering half of the
    requests.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            message = f"can't listen on {host}:{port}: {problem.strerror}"
            raise Unreachable(message, help=["name another one with `--port`"]) from problem


def serve(options: ServeOptions) -> None:
    """Serve until told to stop by SIGINT or SIGTERM; requests that were accepted are finished."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    os.environ[VARIABLE] = msgspec.json.encode(
        {
            "project": str(options.project),
            "profiles": str(options.profiles or ""),
            "profile": options.profile,
            "target": options.target,
            "token_env": options.token_env,
            "offline": "yes" if options.offline else "",
        }
    ).decode()
    server = Granian(
        "ffc.serve.server:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGI,
        factory=True,
        websockets=False,
        log_level=LogLevels.warning,
    )
    server.serve()


def application() -> FeatureService:
    """Return the ASGI application of this process, from what `serve` left in the environment."""
    options = msgspec.json.decode(os.environ[VARIABLE], type=dict[str, str])
    project = Path(options["project"])
    profiles = Path(options["profiles"]) if options["profiles"] else None
    profile = usable(*read_profile(project, profiles, options["profile"]))
    target = choose_target(profile, options["target"], project)
    deployment = Deployment(Session(target))
    user = local_user()

    def reading(*, writes_state: bool = False) -> Session:
        return Session(target, read_only=True, writes_state=writes_state)

    return FeatureService(
        deployment.load,
        deployment.ping,
        principal=user,
        token=os.environ[options["token_env"]] if options["token_env"] else "",
        offline=Offline(reading, user) if options["offline"] else None,
    )
