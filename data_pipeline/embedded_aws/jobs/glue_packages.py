"""Python packages of a Glue run: ``--extra-py-files`` and ``--additional-python-modules``.

A run uses the packages of this installation. Wheels out of S3 are installed for it with pip and without
any index; a module named by its name must be installed here already, and nothing is ever fetched from a
package index.

A Python shell has a botocore of its own, of 2022, which comes before everything else. Behind it are the wheels of
``--extra-py-files``, installed one at a time: what one requires is asked of the index, not of the wheels after it.
"""

from __future__ import annotations

import importlib.metadata
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .process import Sink
from .storage import download

_INDEX_OPTIONS = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:==\s*([^\s,;]+))?\s*")


class PackageError(Exception):
    """A module of the run cannot be provided; the message names it."""


def search_path(client: Any, arguments: Mapping[str, str], directory: Path, log: Sink) -> list[str]:
    """What goes on the run's PYTHONPATH, out of S3 to `directory`; PackageError, storage.DownloadError."""
    return [
        *_extra_files(client, arguments.get("--extra-py-files", ""), directory / "py-files"),
        *_modules(client, arguments, directory, log),
    ]


def shell_path(client: Any, arguments: Mapping[str, str], directory: Path, log: Sink) -> list[str]:
    """The same for a Python shell."""
    botocore = directory / "image" / "botocore" / "__init__.py"
    botocore.parent.mkdir(parents=True)
    shutil.copyfile(Path(__file__).with_name("glue_botocore.py"), botocore)
    site = directory / "installed"
    found = [str(botocore.parents[1]), str(site)]
    for path in _extra_files(client, arguments.get("--extra-py-files", ""), directory / "py-files"):
        if not path.endswith(".whl"):
            found.append(path)
        elif _requires_nothing(Path(path)):
            with zipfile.ZipFile(path) as wheel:
                wheel.extractall(site)
        else:
            _install(f"--extra-py-files: {Path(path).name}", [path], site, directory, log)
    return [*found, *_modules(client, arguments, directory, log)]


def _requires_nothing(wheel: Path) -> bool:
    """Whether to install it is to unpack it: it is whole, and asks for no other package. pip decides about others."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        information = {name.partition("/")[0] for name in names if _METADATA.fullmatch(name)}
        whole = any({f"{folder}/WHEEL", f"{folder}/RECORD"} <= names for folder in information)
        if not whole or any(name.partition("/")[0].endswith(".data") for name in names):
            return False
        return all(b"\nRequires-" not in archive.read(f"{folder}/METADATA") for folder in information)


def _extra_files(client: Any, listed: str, directory: Path) -> list[str]:
    path: list[str] = []
    for number, uri in enumerate(_items(listed)):
        name = uri.rpartition("/")[2]
        target = download(client, uri, directory / str(number) / name)
        if name.endswith(".py"):
            path.append(str(target.parent))
        elif name.endswith((".zip", ".whl", ".egg")) and zipfile.is_zipfile(target):
            path.append(str(target))
        else:
            raise PackageError(
                f"--extra-py-files: {uri} is neither a .py file nor a .zip, .whl or .egg archive"
            )
    return path


def _modules(client: Any, arguments: Mapping[str, str], directory: Path, log: Sink) -> list[str]:
    wheels: list[Path] = []
    for item in _items(arguments.get("--additional-python-modules", "")):
        if item.startswith("s3://"):
            wheels += _wheels(client, item, directory / "wheels")
        else:
            _require(item)
    if not wheels:
        return []
    site = directory / "site"
    options = shlex.split(arguments.get("--python-modules-installer-option", ""))
    if any(option.startswith(_INDEX_OPTIONS) for option in options):
        raise PackageError(
            f"--python-modules-installer-option: no index is used here, found {' '.join(options)}"
        )
    words = ["--find-links", str(directory / "wheels"), *options, *map(str, wheels)]
    _install("--additional-python-modules", words, site, directory, log)
    return [str(site)]


def _install(argument: str, words: list[str], site: Path, directory: Path, log: Sink) -> None:
    """pip install, without any index, into the folder `site`; PackageError with pip's words."""
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-index"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory / "home")}
    command = [*pip, "--target", str(site), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    for line in (done.stdout + done.stderr).splitlines():
        if line.strip():
            log(line)
    if done.returncode != 0:
        raise PackageError(f"{argument}: pip ended with {done.returncode}: {done.stderr[-500:]}")


def _wheels(client: Any, uri: str, directory: Path) -> list[Path]:
    """The wheels of one URI: itself, or those of a `.gluewheels.zip`."""
    name = uri.rpartition("/")[2]
    if not name.endswith((".whl", ".gluewheels.zip")):
        raise PackageError(f"--additional-python-modules: {uri} is neither a .whl nor a .gluewheels.zip file")
    target = download(client, uri, directory / name)
    if name.endswith(".whl"):
        return [target]
    with zipfile.ZipFile(target) as archive:
        archive.extractall(directory)
        return [directory / member for member in archive.namelist() if member.endswith(".whl")]


def _require(item: str) -> None:
    """A module by name, with or without `==version`: it must be installed here."""
    match = _NAME.fullmatch(item)
    if match is None:
        raise PackageError(f"--additional-python-modules: {item!r} is not a name or name==version")
    name, version = match.groups()
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise PackageError(
            f"--additional-python-modules: {name} is not installed, and the embedded AWS fetches no packages"
        ) from error
    if version is not None and version != found:
        raise PackageError(
            f"--additional-python-modules: {name}=={version} was asked for, {found} is installed"
        )


def _items(listed: str) -> list[str]:
    return [item.strip() for item in listed.split(",") if item.strip()]
