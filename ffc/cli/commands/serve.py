"""`ffc serve`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "serve",
    cls=options.Command,
    short_help="Answer models over HTTP.",
    examples=(
        "ffc serve",
        "ffc serve --host 0.0.0.0 --port 80 --workers 4 --token-env FFC_TOKEN",
        "ffc serve --offline  # training sets and builds too",
        "ffc serve --manifest target/manifest.json  # without the project",
    ),
)
@click.option("--host", default="127.0.0.1", envvar="FFC_HOST", show_default=True)
@click.option(
    "--port",
    default=8866,
    envvar="FFC_PORT",
    show_default=True,
    metavar="N",
    type=click.IntRange(1, 65535),
)
@click.option(
    "--workers",
    default=1,
    envvar="FFC_WORKERS",
    show_default=True,
    metavar="N",
    type=click.IntRange(1, 256),
    help="So many processes answer.",
)
@click.option(
    "--manifest",
    envvar="FFC_MANIFEST",
    type=_FILE,
    help="Serve what this manifest.json says, beside a profiles.yml, with the online store alone.",
)
@click.option(
    "--token-env",
    envvar="FFC_TOKEN_ENV",
    metavar="NAME",
    help="The environment variable with the token that each request must bring.",
)
@click.option("--tls-cert", envvar="FFC_TLS_CERT", type=_FILE, help="Answer HTTPS: a certificate.")
@click.option("--tls-key", envvar="FFC_TLS_KEY", type=_FILE, help="The certificate's key.")
@click.option(
    "--log-format",
    type=options.Format(["text", "json"]),
    default="text",
    envvar="FFC_LOG_FORMAT",
    show_default=True,
    help="How the server's own events are written to stderr.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Also tell what is built, and look features up in the warehouse.",
)
@options.options(options.WHERE, options.quiet, options.color)
def command(
    host: str,
    port: int,
    workers: int,
    manifest: Path | None,
    token_env: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    log_format: str,
    offline: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    quiet: bool,
) -> int:
    """Serve what is deployed and synced in a target, until interrupted.

    POST /v1/features answers models, GET /v1/features lists what can be asked for, POST
    /get-online-features answers clients of Feast. GET /healthz and GET /readyz tell how the server
    is, GET /metrics its figures, GET /openapi.json all of this. A new deployment is picked up by
    itself. With `--offline` it does for `ffc.Client` in Python what a project's folder does:
    listings, builds, training sets, features of any table of keys and times.
    """
    import os

    from ffc.cli.serving import found_options
    from ffc.serve.server import address, check_certificate, listening, serve

    if not host:
        # To a socket it is every address of the machine.
        raise click.BadParameter("it is empty", param_hint="'--host'")
    if token_env and not os.environ.get(token_env):
        message = f"the environment variable {token_env} is not set"
        raise click.BadParameter(message, param_hint="'--token-env'")
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("`--tls-cert` and `--tls-key` go together")
    if manifest is not None and offline:
        raise click.UsageError("`--offline` needs the project, `--manifest` is for places without")
    if tls_cert is not None and tls_key is not None:
        check_certificate(tls_cert, tls_key)
    with listening(host, port) as bound:
        chosen, served = found_options(
            project_dir,
            profiles_dir,
            target,
            manifest,
            host=host,
            port=port,
            workers=workers,
            token_env=token_env or "",
            offline=offline,
            certificate=str(tls_cert.resolve()) if tls_cert else "",
            key=str(tls_key.resolve()) if tls_key else "",
            log=log_format,
            quiet=quiet,
        )
        if not quiet:
            scheme = "https" if tls_cert else "http"
            click.echo(f"serving {served} features on {scheme}://{address(host, port)}", err=True)
        serve(chosen, bound)
    return 0
