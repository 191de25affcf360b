"""What deploy puts into the artifact bucket: reproducible archives, and keys that are hashes of the content.

Everything is a pure function of file names and contents: neither the machine's clock, umask, file order nor
its compression library changes a byte, so an unchanged project has an unchanged hash.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.glue_code import GLUE_WHEELS, LIBRARY_WHEEL, PACKAGES, PACKAGES_WHEEL
from data_pipeline.core.facts.runtimes import Runtime

#: folders of ``jobs/`` that hold no code.
_NO_CODE = frozenset({"locks"})
#: lock of a wheel set; uploaded last, so that its presence says that the set is whole.
LOCK = "requirements.txt"

Tree = Mapping[str, bytes]

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip archive can hold
_MODE = 0o100644 << 16
_CREATED_ON_UNIX = 3
#: of a wheel's data folders, those that are installed beside its packages; the others are commands and headers.
_IMPORTED = frozenset({"purelib", "platlib"})


@dataclass(frozen=True)
class Artifact:
    """Objects under one content hash: ``key_prefix`` ends in ``<sha256>/``; ``files`` are relative to it."""

    sha: str
    key_prefix: str
    files: Tree

    def keys(self) -> dict[str, bytes]:
        """Every object's key and content, the marker of a whole set last."""
        names = sorted(self.files, key=lambda name: (name == LOCK, name))
        return {self.key_prefix + name: self.files[name] for name in names}


def tree_hash(files: Tree) -> str:
    """SHA-256 over paths and contents (hexadecimal), whatever the order in which they were read."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def is_shipped(path: str) -> bool:
    """Whether a file of ``jobs/`` (path relative to it) is shipped: a module, or a file of a package."""
    parts = PurePosixPath(path).parts
    if any(part.startswith(".") or part == "__pycache__" for part in parts) or path.endswith(".pyc"):
        return False
    return parts[0] not in _NO_CODE if len(parts) > 1 else path.endswith(".py")


def code_artifact(folder: str, code: Tree) -> Artifact:
    """The jobs' code as it lies in a run's folder, and the same as a wheel beside it; ``folder``: the environment's
    (``Names.artifacts``).
    """
    files = {**code, LIBRARY_WHEEL: wheel("jobs", "0", code)}
    sha = tree_hash(files)
    return Artifact(sha, f"{folder}/code/{sha}/", files)


def wheels_hash(runtime: Runtime, lock: bytes) -> str:
    """The wheel set's SHA-256: its lock, which holds every wheel's hash, and what chooses among these."""
    target = {
        "python": runtime.python.encode(),
        "tags": " ".join(runtime.wheel_tags or ("any",)).encode(),
        LOCK: lock,
    }
    if runtime.glue_command == "pythonshell":
        target["wheel"] = PACKAGES_WHEEL.encode()  # how they are packed is no part of the lock
    return tree_hash(target)


def wheels_prefix(folder: str, runtime: Runtime, lock: bytes) -> str:
    """Where the wheel set lies in the artifact bucket."""
    return f"{folder}/wheels/{runtime.name}/{wheels_hash(runtime, lock)}/"


def wheels_artifact(folder: str, runtime: Runtime, lock: bytes, wheels: Tree) -> Artifact:
    """The lock and its wheels (file name → content) as the runtime installs them."""
    prefix = wheels_prefix(folder, runtime, lock)
    if runtime.glue_command == "glueetl":
        inside = {f"wheels/{name}": content for name, content in {**wheels, LOCK: lock}.items()}
        files: Tree = {GLUE_WHEELS: archive(inside), LOCK: lock}
    elif runtime.glue_command == "pythonshell":
        files = {PACKAGES_WHEEL: wheel(PACKAGES, "0", merged(wheels)), LOCK: lock}
    else:
        files = {**wheels, LOCK: lock}
    return Artifact(wheels_hash(runtime, lock), prefix, files)


def merged(wheels: Tree) -> dict[str, bytes]:
    """What the pure Python wheels install, in one folder: a Python shell installs wheel by wheel, and asks a package
    index for what each one requires. Their metadata and licences are kept, their commands are left out.
    """
    found = {f"{PACKAGES}/__init__.py": b""}
    for name in sorted(wheels):
        with zipfile.ZipFile(io.BytesIO(wheels[name])) as packed:
            for entry in sorted(packed.namelist()):
                installed = _installed(entry)
                if entry.endswith("/") or installed is None:
                    continue
                path, content = f"{PACKAGES}/{installed}", packed.read(entry)
                if found.setdefault(path, content) != content:
                    raise UserError(f"{name}: another wheel of this runtime has a different {installed}")
    return found


def _installed(entry: str) -> str | None:
    """Where an entry of a wheel is installed, relative to the folder of packages; None for what is no package."""
    first, _, rest = entry.partition("/")
    if not first.endswith(".data"):
        return entry
    kind, _, path = rest.partition("/")
    return path if kind in _IMPORTED else None


def template_key(folder: str, body: str) -> str:
    """Key of a template that is too large to be sent with a request."""
    return f"{folder}/templates/{hashlib.sha256(body.encode()).hexdigest()}.yaml"


def wheel(name: str, version: str, files: Tree) -> bytes:
    """A pure Python wheel (PEP 427) of the files."""
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: data-pipeline\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = f"{info}/RECORD"
    rows = [*(_record_row(path, contents[path]) for path in sorted(contents)), f"{record},,"]
    # RECORD last, as the wheel format recommends
    return archive(contents, last={record: ("\n".join(rows) + "\n").encode()})


def archive(files: Tree, last: Tree | None = None) -> bytes:
    """A zip archive, sorted and stored: compression would depend on the machine's zlib."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as output:
        for path, content in [*sorted(files.items()), *(last or {}).items()]:
            entry = zipfile.ZipInfo(path, date_time=_EARLIEST)
            entry.external_attr = _MODE
            entry.create_system = _CREATED_ON_UNIX
            output.writestr(entry, content)
    return buffer.getvalue()


@lru_cache(maxsize=16)
def locked_names(lock: str) -> frozenset[str]:
    """The packages that a lock pins, with their names normalised."""
    lines = (line.split("#")[0].strip() for line in lock.splitlines())
    return frozenset(
        normalised(line.split("==")[0]) for line in lines if "==" in line and not line.startswith("-")
    )


def normalised(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return "-".join(part for part in _split_name(name) if part)


def _split_name(name: str) -> Iterable[str]:
    return name.strip().lower().replace("_", "-").replace(".", "-").split("-")


def _record_row(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}"
