"""The wheel in an empty environment, far from the repository: a new project, and its README to the letter.

As a program, with all its dependencies from the package index: python -m tests.system.wheel
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: what the query in the README answers.
ANSWER = {"harbour": "7.25", "hill": "2.75"}


def build(folder: Path, *options: str) -> Path:
    """The wheel of this repository, made with pip and these options."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    call([*pip, "--wheel-dir", str(folder), *options, str(ROOT)])
    (made,) = folder.glob("daily_data_pipeline-*.whl")
    return made


def environment(folder: Path, wheel: Path, *options: str) -> Path:
    """A new environment with the wheel, installed with pip and these options; the folder of its programs."""
    venv.create(folder, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    call([*pip, "install", "--quiet", *options, str(wheel)])
    return folder / "bin"


def lend_packages(programs: Path) -> None:
    """Let an environment have this one's packages, without the tool, by links: a Python shell of the embedded AWS is
    given the folder, and reads no .pth file in it, by which the repository is installed here.
    """
    (site,) = (programs.parent / "lib").glob("python3*/site-packages")
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        ours = package.name.startswith(("daily_data_pipeline", "data_pipeline", "_daily", "__editable__"))
        if not ours and package.suffix != ".pth" and not (site / package.name).exists():
            (site / package.name).symlink_to(package)


def start_project(programs: Path, project: Path) -> None:
    """Write a project by the installed command, from a folder that is none."""
    where = call(
        [str(programs / "python"), "-c", "import data_pipeline; print(data_pipeline.__file__)"],
        project.parent,
    )
    assert Path(where.strip()).is_relative_to(programs.parent), f"{where}: not the installed tool"
    call([str(programs / "data-pipeline"), "init", str(project)], project.parent)


def follow_readme(project: Path, activate: Path | None = None) -> str:
    """Run the commands of its README; what the last one, the query, printed. With ``activate``, in that environment
    instead of one that the README makes.
    """
    (block,) = re.findall(
        r"```bash\n(.*?)```", (project / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    lines = block.splitlines()
    assert lines[0].startswith("python -m venv .venv")
    assert lines[1] == "pip install -r requirements.txt"
    if activate:
        lines = [f"source {activate}", *lines[2:]]
    path = os.pathsep.join([str(Path(sys.executable).resolve().parent), os.environ["PATH"]])
    script = "\n".join([*lines[:-1], "echo ==", lines[-1]])
    try:
        printed = call(["bash", "-euo", "pipefail", "-c", script], project, path)
    finally:
        source = f"source {activate or '.venv/bin/activate'}"
        call(["bash", "-c", f"{source} && data-pipeline local down"], project, path)
    return printed.partition("\n==\n")[2]


def assert_answer(printed: str) -> None:
    """The stations with their highest temperatures."""
    for station, celsius in ANSWER.items():
        assert re.search(rf"{station}\W+{re.escape(celsius)}\b", printed), printed


def call(command: Sequence[str], cwd: Path | None = None, path: str | None = None) -> str:
    """What a command prints, with nothing of this environment but pip's own settings."""
    ours = ("PYTHON", "VIRTUAL_ENV", "AWS_", "DATA_PIPELINE_")
    values = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    values |= {"DATA_PIPELINE_LOCAL_PORT": "0"} | ({"PATH": path} if path else {})
    done = subprocess.run(command, cwd=cwd, env=values, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def main() -> None:
    """With the package index: the project's own environment is made as the README says."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        programs = environment(folder / "environment", build(folder / "dist"))
        start_project(programs, folder / "project")
        assert_answer(follow_readme(folder / "project"))
    print("the wheel makes a project that renders, deploys, runs and answers")


if __name__ == "__main__":
    main()
