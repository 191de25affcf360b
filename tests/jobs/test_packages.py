"""The packages that a Glue Python shell is given, beside the boto3 of 2022 that it has of its own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from paths import ROOT

from data_pipeline.core.deployment import artifacts
from data_pipeline.core.facts import glue_code
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.etl import packages

JOBS = ROOT / "jobs"
PREPARE = ROOT / "data_pipeline" / "etl" / "jobs" / "prepare_datasets.py"
OLD, NEW = "1.25.5", "1.42.97"
SHOW = """
import json, sys
if sys.argv[1] == "before":
    import boto3, botocore.config
from data_pipeline.etl import packages
packages.put_first()
packages.check_botocore()
import boto3, botocore, botocore.config, named_by_pth
found = [boto3, botocore, botocore.config]
print(json.dumps([[module.VERSION for module in found], [module.__file__ for module in found]]))
"""


def boto3_of(version: str) -> dict[str, bytes]:
    """As much of boto3 and botocore as tells where it comes from."""
    said = f"__version__ = VERSION = {version!r}\n".encode()
    return {
        "boto3/__init__.py": b"import botocore\n" + said,
        "botocore/__init__.py": said,
        "botocore/config.py": said,
    }


def wheel_of(name: str, files: dict[str, bytes], requires: str = "") -> bytes:
    """A wheel as an index has it, with what it requires."""
    info = f"{name}-{NEW}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEW}\n{requires}"
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    own = {path: content for path, content in files.items() if path.startswith((f"{name}/", f"{name}-"))}
    told = {f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": tags.encode(), f"{info}/RECORD": b""}
    return artifacts.archive({**own, **told})


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def install(wheel: Path, target: Path) -> subprocess.CompletedProcess:
    """As a Python shell installs one of --extra-py-files, where no index can be reached."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    return subprocess.run([*pip, "--target", str(target), str(wheel)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheels() -> dict[str, bytes]:
    """What the lock of a Python shell has, in small."""
    new = boto3_of(NEW)
    return {
        f"boto3-{NEW}-py3-none-any.whl": wheel_of("boto3", new, f"Requires-Dist: botocore<2,>={NEW}\n"),
        f"botocore-{NEW}-py3-none-any.whl": wheel_of("botocore", new),
    }


@pytest.fixture(scope="module")
def shipped(wheels: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The one wheel, by what the shell may make of it: the folder or the file that is then on its path."""
    folder = tmp_path_factory.mktemp("shipped")
    named = write(folder / "named", {"named_by_pth.py": b""})
    lock = b"boto3==1 --hash=sha256:00\n"
    pth = artifacts.wheel("leads", "0", {"leads.pth": f"{named}\n".encode()})
    made = artifacts.wheels_artifact("p", RUNTIMES["glue-pythonshell"], lock, {**wheels, "leads.whl": pth})
    (name,) = [name for name in made.files if name.endswith(".whl")]
    wheel = write(folder, {name: made.files[name]}) / name
    done = install(wheel, folder / "installed")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return {"installed": folder / "installed", "unpacked": folder / "unpacked", "archive": wheel}


def shell(folder: Path, words: list[str], path: list[Path]) -> subprocess.CompletedProcess:
    """What ends a script of which Glue's own packages and ours are on the path in this order."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    variables = {"PYTHONPATH": os.pathsep.join(map(str, path)), "TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, *words], env=variables, capture_output=True, text=True)
    assert list(temporary.iterdir()) == []
    return done


@pytest.mark.parametrize("imported", ["before", "not before"])
@pytest.mark.parametrize("order", ["before Glue's", "behind Glue's"])
@pytest.mark.parametrize("made", ["installed", "unpacked", "archive"])
def test_our_boto3_is_imported_wherever_glue_puts_it(
    shipped: dict[str, Path], tmp_path: Path, made: str, order: str, imported: str
) -> None:
    """Installed, unpacked or left an archive, before or behind the shell's own, which it may have imported already;
    .pth files among the packages do what they do elsewhere.
    """
    own = write(tmp_path / "glue", boto3_of(OLD))
    both = [shipped[made], own] if order == "before Glue's" else [own, shipped[made]]
    script = write(tmp_path, {"script.py": SHOW.encode()}) / "script.py"
    done = shell(tmp_path, [str(script), imported], [*both, JOBS])
    assert done.returncode == 0, done.stderr
    versions, files = json.loads(done.stdout)
    assert versions == [NEW] * 3
    assert all(f"{os.sep}job_packages{os.sep}" in file for file in files)


@pytest.mark.parametrize("version", [OLD, "1.35.68"])
def test_prepare_stops_at_a_botocore_that_is_too_old(tmp_path: Path, version: str) -> None:
    """One line: which version, from where, which is needed, and the word in YAML that moves the step."""
    own = write(tmp_path / "glue", boto3_of(version))
    words = ["--input", "s3://b/in", "--output", "s3://b/out", "--definitions", "s3://b/d.json", "--run", "r"]
    done = shell(tmp_path, [str(PREPARE), *words], [own])
    assert done.returncode == 1
    assert done.stderr == (
        f"error: botocore {version} from {own}/botocore is too old: conditional writes to S3 (IfMatch, IfNoneMatch) "
        "need 1.35.69 or newer, and the wheel job_packages did not bring it; deploy again, or let SageMaker run this "
        "step: service: sagemaker in its YAML, as in steps: {prepare: {service: sagemaker}}\n"
    )


@pytest.mark.parametrize("version", ["1.35.69", "1.36.0", "2.0.0", "1.43.106"])
def test_a_newer_botocore_passes(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """Also this installation's; and where there is none, nothing needs it."""
    packages.check_botocore()
    monkeypatch.setattr("botocore.__version__", version)
    packages.check_botocore()
    monkeypatch.setitem(sys.modules, "botocore", None)
    packages.check_botocore()


def test_wheels_as_an_index_has_them_cannot_be_installed_without_one(
    wheels: dict[str, bytes], tmp_path: Path
) -> None:
    """The circumstance: boto3's wheel comes first by its name, and asks an index for botocore."""
    write(tmp_path, wheels)
    done = install(tmp_path / sorted(wheels)[0], tmp_path / "installed")
    assert done.returncode == 1
    assert f"Could not find a version that satisfies the requirement botocore<2,>={NEW}" in done.stderr


def test_the_job_and_the_deployment_name_the_same_folder() -> None:
    """The job looks for what deploy packs."""
    assert packages.FOLDER == glue_code.PACKAGES
