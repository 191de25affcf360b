"""The packages that a job brings to a Glue Python shell, and what it needs of them. Runs on Python 3.9.

A Python shell has packages of its own, a boto3 of 2022 among them, which may come first and may have been imported
already. Ours are in one folder, ``job_packages``, which a wheel of that name carries there: the shell may install it
before or behind its own, unpack it, or leave it an archive on the path.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.machinery
import importlib.util
import shutil
import site
import sys
import tempfile
import zipfile
from pathlib import Path

from .errors import JobError

FOLDER = "job_packages"
#: botocore's first version whose PutObject has IfMatch; IfNoneMatch came some weeks before.
CONDITIONAL_WRITES = (1, 35, 69)


def put_first() -> None:
    """Make Python import the packages of ``job_packages`` and no others of their names; nothing where there is no
    such folder. To be called before boto3 is imported: what a script has imported before, it keeps.
    """
    found = importlib.util.find_spec(FOLDER)
    if found is None or not found.submodule_search_locations:
        return
    before = list(sys.path)
    # With what .pth files in it name, and as if nothing were on the path yet.
    site.addsitedir(str(_folder(found)), known_paths=set())
    added = sys.path[len(before) :]
    sys.path[:] = [*added, *before]
    _forget_others(added)


def check_botocore() -> None:
    """Raise JobError if the botocore that is imported is too old for conditional writes to S3."""
    try:
        import botocore
    except ImportError:
        return  # nothing here uses S3
    found = tuple(int(part) for part in botocore.__version__.split(".")[:3] if part.isdigit())
    if found >= CONDITIONAL_WRITES:
        return
    needed = ".".join(map(str, CONDITIONAL_WRITES))
    raise JobError(
        f"botocore {botocore.__version__} from {Path(botocore.__file__).parent} is too old: conditional writes to S3 "
        f"(IfMatch, IfNoneMatch) need {needed} or newer, and the wheel {FOLDER} did not bring it; deploy again, or "
        "let SageMaker run this step: service: sagemaker in its YAML, as in steps: {prepare: {service: sagemaker}}"
    )


def _folder(found: importlib.machinery.ModuleSpec) -> Path:
    """Where the packages are, out of the archive if they are in one."""
    location = Path(next(iter(found.submodule_search_locations or ())))
    if location.is_dir():
        return location
    target = tempfile.mkdtemp(prefix=f"{FOLDER}-")
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    with zipfile.ZipFile(location.parent) as archive:
        archive.extractall(target, [name for name in archive.namelist() if name.startswith(f"{FOLDER}/")])
    return Path(target) / FOLDER


def _forget_others(folders: list[str]) -> None:
    """Let what is in the folders, and was imported from elsewhere, be imported anew; but for this package itself, of
    which a run has its own, and which may be among the packages on the embedded AWS.
    """
    importlib.invalidate_caches()
    own = __name__.partition(".")[0]
    for name in {loaded.partition(".")[0] for loaded in list(sys.modules)} - {own}:
        ours = importlib.machinery.PathFinder.find_spec(name, folders)
        if ours is None or getattr(sys.modules.get(name), "__file__", None) == ours.origin:
            continue
        for loaded in [other for other in sys.modules if other == name or other.startswith(f"{name}.")]:
            del sys.modules[loaded]
