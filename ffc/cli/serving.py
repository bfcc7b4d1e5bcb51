"""What `ffc serve` serves: a project's target, or a manifest on a machine with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ffc.connect.session import Session
from ffc.manifest.files import read_manifest
from ffc.serve.deployment import BareManifest, Deployment
from ffc.serve.server import ServeOptions, chosen, keep_at
from ffc.workspace.folder import open_target


def found_options(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    manifest: Path | None,
    **given: Any,
) -> tuple[ServeOptions, int]:
    """Return what a server is told, and how many features it will serve now.

    Raises NotFound where nothing is deployed, or no view of the manifest is synced.
    """
    profiles = str(profiles_dir.resolve()) if profiles_dir else ""
    if manifest is not None:
        said = read_manifest(manifest)
        options = ServeOptions(
            project=str(manifest.resolve().parent),
            profiles=profiles,
            profile=said.project.profile or said.project.name,
            target=target or said.target.name,
            manifest=str(manifest.resolve()),
            **given,
        )
        with Session(chosen(options), read_only=True) as session:
            reader = BareManifest(session, manifest).load()
            return options, len(reader.features()) if reader is not None else 0
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        keep = keep_at(opened.session.target)
        served = len(Deployment(opened.session, keep).reader().features())
        options = ServeOptions(
            project=str(opened.session.target.folder),
            profiles=profiles,
            profile=opened.profile,
            target=opened.session.target.name,
            **given,
        )
    return options, served
