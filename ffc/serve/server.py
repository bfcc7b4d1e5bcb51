"""Run the service on granian."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Literal

import msgspec

from ffc.auth import local_user
from ffc.connect.profiles import ChosenTarget, choose_target, read_profile, usable
from ffc.connect.session import Session
from ffc.core.errors import Unreachable
from ffc.serve.app import FeatureService
from ffc.serve.deployment import BareManifest, Deployment, Loaded
from ffc.serve.keeping import Keeper
from ffc.serve.logs import logger
from ffc.serve.metrics import Shared
from ffc.serve.offline import Offline

# How a worker process learns what to serve: granian starts it by import.
VARIABLE = "FFC_SERVE"


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve and where to listen; paths are absolute, an empty text is none."""

    project: str
    profiles: str = ""
    profile: str
    target: str
    manifest: str = ""
    host: str
    port: int
    workers: int = 1
    token_env: str = ""
    offline: bool = False
    certificate: str = ""
    key: str = ""
    log: Literal["text", "json"] = "text"
    quiet: bool = False
    metrics: str = ""


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

    with tempfile.TemporaryDirectory(prefix="ffc-metrics-") as folder:
        told = msgspec.structs.replace(options, metrics=folder)
        os.environ[VARIABLE] = msgspec.json.encode(told).decode()
        server = Granian(
            "ffc.serve.server:application",
            address=options.host,
            port=options.port,
            interface=Interfaces.ASGI,
            factory=True,
            websockets=False,
            workers=options.workers,
            # Another takes the place of a worker that dies, at once.
            respawn_failed_workers=True,
            respawn_interval=0.1,
            ssl_cert=Path(options.certificate) if options.certificate else None,
            ssl_key=Path(options.key) if options.key else None,
            log_level=LogLevels.warning,
        )
        server.serve()


def application() -> FeatureService:
    """Return the ASGI application of this process, from what `serve` left in the environment."""
    options = msgspec.json.decode(os.environ[VARIABLE], type=ServeOptions)
    target = chosen(options)
    loaded = _loaded(options, target)
    user = local_user()

    def reading(*, writes_state: bool = False) -> Session:
        return Session(target, read_only=True, writes_state=writes_state)

    log = logger(options.log, sys.stderr, quiet=options.quiet)
    folder = Path(options.metrics)
    # A manifest alone has no state store to keep figures in.
    own = Session(target)
    keeper = None if options.manifest else Keeper(folder, lambda: own.state, target.name, log=log)
    return FeatureService(
        loaded,
        principal=user,
        token=os.environ[options.token_env] if options.token_env else "",
        offline=Offline(reading, user) if options.offline else None,
        counted=Shared(folder, keeper, log),
        log=log,
    )


def chosen(options: ServeOptions) -> ChosenTarget:
    """Return the target that is served; raises ProfileError."""
    project = Path(options.project)
    profiles = Path(options.profiles) if options.profiles else None
    profile = usable(*read_profile(project, profiles, options.profile))
    return choose_target(profile, options.target, project)


def _loaded(options: ServeOptions, target: ChosenTarget) -> Loaded:
    session = Session(target, read_only=True, writes_state=True)
    if options.manifest:
        return BareManifest(session, Path(options.manifest))
    return Deployment(session, keep_at(target), lag=True)


def keep_at(target: ChosenTarget) -> Path:
    """Return the file in which what is deployed in a target is kept."""
    return target.folder / "target" / f"serving.{target.name}.json"
