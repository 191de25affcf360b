"""bootstrap.py on an image whose own packages pip can neither uninstall nor overlay, as Debian installs them."""

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pip
import pytest

from data_pipeline.core.deployment import artifacts
from data_pipeline.etl.jobs import bootstrap

JOBS = Path(bootstrap.__file__).parent
BASE = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
#: what the job sees: our packages and their commands, and what the image has beside them.
SHOW = """
import importlib.metadata, json, os, subprocess, sys
import pyparsing
from spoken import by_image, by_job
print(json.dumps({
    "version": pyparsing.__version__,
    "file": pyparsing.__file__,
    "recorded": importlib.metadata.version("pyparsing"),
    "namespace": [by_image.NAME, by_job.NAME],
    "command": subprocess.run(["parse"], capture_output=True, text=True).stdout.strip(),
    "arguments": sys.argv[1:],
    "folder": os.environ["JOB_PACKAGES"],
}))
"""


@dataclass
class Image:
    """A Python that a system's package manager owns, by its home, and a folder for what the job is given."""

    home: Path
    site: Path
    given: Path

    @property
    def packages(self) -> Path:
        return self.given / "processing" / "packages"

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """Bootstrap with the image's Python, as SageMaker starts it."""
        places = [self.given / "wheels", self.given / "message", self.packages]
        start = (
            "import pathlib, sys; sys.path.insert(0, sys.argv[1]); import bootstrap; "
            "given = [pathlib.Path(place) for place in sys.argv[3:6]]; "
            "sys.exit(bootstrap.main(sys.argv[2], sys.argv[6:], *given))"
        )
        words = [str(BASE), "-c", start, str(JOBS), str(self.given / "job.py"), *map(str, places), *arguments]
        environment = {"PATH": os.environ["PATH"], "PYTHONHOME": str(self.home), **variables}
        return subprocess.run(words, env=environment, capture_output=True, text=True)

    def content(self) -> dict[str, bytes]:
        """The files of the image, without what Python itself compiles."""
        files = [path for path in self.site.rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
        return {str(path): path.read_bytes() for path in files}


def write(folder: Path, **modules: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """pyparsing is there without a RECORD, as apt leaves it; Python imports it at every start (sitecustomize);
    and the whole is marked as externally managed (PEP 668).
    """
    home = tmp_path / "usr"
    library = home / "lib" / f"python{sysconfig.get_python_version()}"
    library.mkdir(parents=True)
    for entry in Path(os.__file__).parent.iterdir():
        if entry.name not in ("site-packages", "dist-packages", "EXTERNALLY-MANAGED", "sitecustomize.py"):
            (library / entry.name).symlink_to(entry)
    (library / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=use apt\n")
    asked = [str(BASE), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    found = subprocess.run(asked, env={"PYTHONHOME": str(home)}, capture_output=True, text=True, check=True)
    site = Path(found.stdout.strip())
    assert site.is_relative_to(home)
    write(site / "pyparsing", __init__="__version__ = '3.1.1'\n")
    info = site / "pyparsing-3.1.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pyparsing\nVersion: 3.1.1\n")
    (info / "INSTALLER").write_text("debian\n")
    write(site / "spoken", by_image="NAME = 'image'\n")
    write(site, sitecustomize="import pyparsing\n")
    (site / "pip").symlink_to(Path(pip.__file__).parent)
    (site / f"pip-{pip.__version__}.dist-info").symlink_to(
        Path(pip.__file__).parents[1] / f"pip-{pip.__version__}.dist-info"
    )
    return Image(home, site, tmp_path / "given")


@pytest.fixture
def wheels(image: Image) -> None:
    """The job's pyparsing, with a command, and its part of a package that the image has, too."""
    files = {
        "pyparsing/__init__.py": b"__version__ = '3.3.3'\ndef told():\n    print('parsed by', __version__)\n",
        "spoken/by_job.py": b"NAME = 'job'\n",
        "extra.pth": b"/nowhere\n",
        "pyparsing-3.3.3.dist-info/entry_points.txt": b"[console_scripts]\nparse = pyparsing:told\n",
    }
    wheel = artifacts.wheel("pyparsing", "3.3.3", files)
    folder = image.given / "wheels"
    folder.mkdir(parents=True)
    (folder / "pyparsing-3.3.3-py3-none-any.whl").write_bytes(wheel)
    lock = f"pyparsing==3.3.3 --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n"
    (folder / "requirements.txt").write_text(lock)
    write(image.given, job=SHOW)


@pytest.mark.parametrize(
    ("marked", "submitted"),
    [(True, False), (False, True)],
    ids=["externally managed", "unmarked, with Spark"],
)
def test_the_job_s_packages_are_first_and_the_image_stays_as_it_is(
    image: Image, wheels: None, tmp_path: Path, marked: bool, submitted: bool
) -> None:
    """Also where the image has imported its own as Python started; commands, metadata and packages that are in
    both places work. smspark-submit itself, a program of the image's, sees nothing of it.
    """
    if not marked:
        (image.home / "lib" / f"python{sysconfig.get_python_version()}" / "EXTERNALLY-MANAGED").unlink()
    programs = tmp_path / "bin"
    if submitted:
        programs.mkdir()
        submit = programs / "smspark-submit"
        see = "import pyparsing; print(pyparsing.__version__)"
        submit.write_text(f'#!/bin/sh\n"{BASE}" -c "{see}" >&2\nPYTHONPATH=/spark exec sh -c "{BASE} $*"\n')
        submit.chmod(0o755)
    write(image.packages / "pyparsing", __init__="", stale="")
    before = image.content()
    done = image.run("a b", "", PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    warned, shown = done.stdout.splitlines()
    assert json.loads(shown) == {
        "version": "3.3.3",
        "file": str(image.packages / "pyparsing" / "__init__.py"),
        "recorded": "3.3.3",
        "namespace": ["image", "job"],
        "command": "parsed by 3.3.3",
        "arguments": ["a b", ""],
        "folder": str(image.packages),
    }
    assert "extra.pth is not run" in warned
    assert image.content() == before
    assert not (image.packages / "pyparsing" / "stale.py").exists()
    assert done.stderr.split() == (["3.1.1"] if submitted else [])


def test_a_wheel_of_another_content_is_refused(image: Image, wheels: None) -> None:
    """Its hash is not the locked one: the job ends with pip's words, and the script does not run."""
    other = artifacts.wheel("pyparsing", "3.3.3", {"pyparsing/__init__.py": b"x = 1\n"})
    (image.given / "wheels" / "pyparsing-3.3.3-py3-none-any.whl").write_bytes(other)
    done = image.run()
    assert done.returncode == 1
    assert done.stdout == ""
    assert "DO NOT MATCH THE HASHES" in done.stderr
