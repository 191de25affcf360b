"""Fetching a runtime's wheels with pip, for the cloud's Python and processor; kept in ``.local/wheels``."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import click

from data_pipeline.core.deployment.artifacts import LOCK, locked_names, wheel, wheels_hash
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import Runtime

_SHOWN_LINES = 5


def fetch(runtime: Runtime, lock: bytes, cache: Path) -> dict[str, bytes]:
    """File name → content of every wheel of the lock, from the cache or the package index.

    UserError with pip's own words when one cannot be had: no network, no wheel for the runtime, a wrong hash.
    """
    names = locked_names(lock.decode())
    if not names:
        return {}
    folder = cache / wheels_hash(runtime, lock)
    if not folder.is_dir():
        click.echo(f"fetching {len(names)} wheels for {runtime.name} (Python {runtime.python}) …", err=True)
        _download(runtime, lock, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.whl"))}


def installation_lock() -> bytes:
    """A lock that pins nothing and names the folder of this installation's packages, in a comment."""
    return f"# {sysconfig.get_path('purelib')}\n".encode()


def installation(lock: bytes) -> dict[str, bytes]:
    """The one wheel of ``installation_lock``, which leads to that folder by a .pth file; none for an empty lock."""
    name = "installation"
    content = wheel(name, "0", {f"{name}.pth": lock.removeprefix(b"# ")})
    return {f"{name}-0-py3-none-any.whl": content} if lock else {}


def download_options(runtime: Runtime) -> list[str]:
    """pip's options that stand for the runtime's Python and C library instead of this machine's."""
    tags = runtime.wheel_tags or ("any",)
    platforms = [option for tag in tags for option in ("--platform", tag)]
    return ["--only-binary=:all:", "--no-deps", "--python-version", runtime.python, *platforms]


def _download(runtime: Runtime, lock: bytes, folder: Path) -> None:
    """Fill the folder, all or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as work:
        requirements, wheels = Path(work) / LOCK, Path(work) / "wheels"
        requirements.write_bytes(lock)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        options = [*download_options(runtime), "--require-hashes", "--requirement", str(requirements)]
        done = subprocess.run(
            [*pip, "download", "--quiet", "--dest", str(wheels), *options],
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise UserError(_why(runtime, done.stderr))
        wheels.rename(folder)


def _why(runtime: Runtime, stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    shown = "\n".join(errors[-_SHOWN_LINES:])
    return (
        f"the wheels of the runtime {runtime.name!r} (jobs/locks/{runtime.name}.txt, or else the tool's lock) cannot "
        f"be fetched:\n{shown}\nCheck the network and pip's configuration (pip config list), then run the same "
        f"command again."
    )
