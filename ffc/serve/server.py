"""Run the service on uvicorn, in processes of which one that dies is replaced."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final, Literal

import msgspec

from ffc.auth import local_user
from ffc.connect.profiles import ChosenTarget, choose_target, read_profile, usable
from ffc.connect.session import Session
from ffc.core.errors import FfcError, ProfileError, Unreachable
from ffc.serve.app import FeatureService
from ffc.serve.deployment import BareManifest, Deployment, Loaded
from ffc.serve.keeping import Keeper
from ffc.serve.logs import Log, logger
from ffc.serve.metrics import Shared
from ffc.serve.offline import Offline
from ffc.serve.workers import keep

# A connection at rest is kept for so long, and a server that is told to stop waits for requests.
REST_SECONDS: Final = 75
END_SECONDS: Final = 60


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


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address; raises Unreachable.

    Whoever connects before a worker is ready waits for it, as when one is replaced. Two sockets may
    be bound to an address as long as none of them listens: this one would be told too late.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen()
    except OSError as problem:
        bound.close()
        message = f"can't listen on {address(host, port)}: {problem.strerror}"
        taken = problem.errno == errno.EADDRINUSE
        option = "--port" if taken else "--host"
        raise Unreachable(message, help=[f"name another one with `{option}`"]) from problem
    return bound


def address(host: str, port: int) -> str:
    """Return an address as it stands in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_certificate(certificate: Path, key: Path) -> None:
    """Return if HTTPS can be spoken with a certificate and its key; raises ProfileError."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_unasked)
    except (OSError, ValueError) as problem:
        message = f"HTTPS can't be spoken with {certificate} and {key}: {problem}"
        help_ = "both must be PEM files, the key without a password"
        raise ProfileError(message, help=[help_]) from problem


def _unasked() -> str:
    # Without it OpenSSL asks at the terminal.
    raise ValueError("the key has a password")


def serve(options: ServeOptions, bound: socket.socket) -> None:
    """Serve until told to stop by SIGINT or SIGTERM; requests that were accepted are finished."""
    with tempfile.TemporaryDirectory(prefix="ffc-metrics-") as folder:
        told = msgspec.structs.replace(options, metrics=folder)
        keep(partial(_work, told), bound, options.workers, patience=END_SECONDS + 10)


def _work(options: ServeOptions, bound: socket.socket) -> None:
    """Answer from a socket until told to stop."""
    from uvicorn import Config

    from ffc.serve.protocol import Protocol, Worker

    try:
        answers = application(options)
    except FfcError as problem:
        # What was well when the server was told to start may have been broken since.
        message = " ".join(str(problem).split())
        logger(options.log, sys.stderr)("worker_failed", code=problem.code, message=message)
        sys.exit(problem.exit_code)
    config = Config(
        answers,
        loop="asyncio",
        http=Protocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=Worker.AT_ONCE,
        timeout_keep_alive=REST_SECONDS,
        timeout_graceful_shutdown=END_SECONDS,
        ssl_certfile=options.certificate or None,
        ssl_keyfile=options.key or None,
    )
    Worker(config).run([bound])


def application(options: ServeOptions) -> FeatureService:
    """Return the ASGI application of a process."""
    target = chosen(options)
    log = logger(options.log, sys.stderr, quiet=options.quiet)
    loaded = _loaded(options, target, log)
    user = local_user()

    def reading(*, writes_state: bool = False) -> Session:
        return Session(target, read_only=True, writes_state=writes_state)

    folder = Path(options.metrics) if options.metrics else None
    keeper = None
    # A manifest alone has no state store to keep figures in.
    if folder is not None and not options.manifest:
        own = Session(target)
        keeper = Keeper(folder, lambda: own.state, target.name, log=log)
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


def _loaded(options: ServeOptions, target: ChosenTarget, log: Log) -> Loaded:
    session = Session(target, read_only=True, writes_state=True)
    if options.manifest:
        return BareManifest(session, Path(options.manifest))
    return Deployment(session, keep_at(target), lag=True, log=log)


def keep_at(target: ChosenTarget) -> Path:
    """Return the file in which what is deployed in a target is kept."""
    return target.folder / "target" / f"serving.{target.name}.json"
