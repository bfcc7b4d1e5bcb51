"""`ffc serve`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("serve", short_help="Answer models over HTTP.")
@click.option("--host", default="127.0.0.1", envvar="FFC_HOST", show_default=True)
@click.option(
    "--port",
    default=8866,
    envvar="FFC_PORT",
    show_default=True,
    type=click.IntRange(1, 65535),
)
@click.option(
    "--token-env",
    envvar="FFC_TOKEN_ENV",
    metavar="NAME",
    help="The environment variable with the token that each request must bring.",
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
    token_env: str | None,
    offline: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    quiet: bool,
) -> int:
    """Serve what is deployed and synced in a target, until interrupted.

    POST /v1/features answers models, GET /v1/features lists what can be asked for, GET /healthz and
    GET /readyz tell how the server is. A new deployment is picked up by itself. With `--offline`
    it does for `ffc.Client` in Python what a project's folder does: listings, builds, training
    sets, features of any table of keys and times.
    """
    import os

    from ffc.serve.deployment import Deployment
    from ffc.serve.server import ServeOptions, check_address, serve
    from ffc.workspace.folder import open_target

    if token_env and not os.environ.get(token_env):
        message = f"the environment variable {token_env} is not set"
        raise click.BadParameter(message, param_hint="'--token-env'")
    check_address(host, port)

    with open_target(project_dir, profiles_dir, target) as opened:
        served = len(Deployment(opened.session).reader().features())
        chosen, profile = opened.session.target, opened.profile
    if not quiet:
        click.echo(f"serving {served} features on http://{host}:{port}", err=True)
    serve(
        ServeOptions(
            project=chosen.folder,
            profiles=profiles_dir.resolve() if profiles_dir else None,
            profile=profile,
            target=chosen.name,
            host=host,
            port=port,
            token_env=token_env or "",
            offline=offline,
        )
    )
    return 0
