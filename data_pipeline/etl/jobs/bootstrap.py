"""Entry point of a SageMaker Processing job: install the wheels, run a script, leave its last words.

``python3 bootstrap.py SCRIPT [ARGUMENT…]`` runs SCRIPT, which lies beside this file. If the wheels folder's
``requirements.txt`` names any package, pip installs them first, from that folder alone: a job needs no
package index. If the script fails without an exit message, its last line on standard error becomes that.
Standard library only, Python 3.9.

The packages go into a fresh folder, which is the first on the script's PYTHONPATH: nothing of the image is
uninstalled or overlaid, not even what its own package manager has installed without a record for pip, and what
the image imports as Python starts is the job's own, too.

A Spark image starts this on every machine of its cluster, so the packages are in the same folder of all of them,
for the Python that runs Spark's workers; its ``smspark-submit`` then joins the machines and runs the script on the
first. That program is one of the image's Python, maybe of another one: it does not see the job's packages.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from data_pipeline.etl import exits

WHEELS = Path("/opt/ml/processing/input/wheels")
#: on the job's own volume, and on every machine of a cluster the same.
PACKAGES = Path("/opt/ml/processing/packages")
#: says to the script where the packages are: Spark's workers need to know.
VARIABLE = "JOB_PACKAGES"
SUBMIT = "smspark-submit"
STARTED = """\
import os
import sys

for name, folder in {first!r}:
    others = os.environ.get(name)
    os.environ[name] = os.pathsep.join([folder, others]) if others else folder
os.environ.update({others!r})
os.execv(sys.executable, [sys.executable, *{words!r}])
"""


def main(
    script: str,
    arguments: list[str],
    wheels: Path = WHEELS,
    message: Path = exits.MESSAGE,
    packages: Path = PACKAGES,
) -> int:
    """Install, run, and return the exit status of whatever ended the job."""
    message.unlink(missing_ok=True)
    requirements = wheels / "requirements.txt"
    installed = requirements.is_file() and names_a_package(requirements.read_text("utf-8"))
    if installed:
        shutil.rmtree(packages, ignore_errors=True)
        packages.mkdir(parents=True)
        # pip unpacks into a temporary folder first: beside the target, it is moved from there, not copied.
        status = _run(_install(wheels, requirements, packages), message, {"TMPDIR": str(packages.parent)})
        if status != 0:
            return status
        for file in sorted(packages.glob("*.pth")):
            exits.log(f"warning: {file} is not run: the packages are not in a folder of Python's own")
    words = [str(Path(__file__).parent / script), *arguments]
    with tempfile.TemporaryDirectory(prefix="bootstrap-") as folder:
        first = {"PYTHONPATH": str(packages), "PATH": str(packages / "bin")} if installed else {}
        path = started(words, first, Path(folder))
        return _run([_python() if shutil.which(SUBMIT) is None else SUBMIT, str(path)], message)


def started(words: list[str], first: dict[str, str], folder: Path) -> Path:
    """A script in ``folder`` that becomes the script ``words[0]`` with the arguments that follow it, and with the
    folders ``first`` before those that these variables have.

    smspark-submit has a shell read its own arguments, which would split them at spaces, and sets PYTHONPATH.
    """
    path = folder / "started.py"
    others = {VARIABLE: first["PYTHONPATH"]} if first else {}
    path.write_text(STARTED.format(words=words, first=list(first.items()), others=others), encoding="utf-8")
    return path


def _python() -> str:
    """The interpreter of the job. In a Spark image ``python3`` may be another one, which only starts this."""
    return os.environ.get("PYSPARK_PYTHON") or sys.executable


def names_a_package(requirements: str) -> bool:
    """Whether a requirements file holds more than comments and options."""
    lines = (line.strip() for line in requirements.splitlines())
    return any(line and not line.startswith(("#", "-")) for line in lines)


def _install(wheels: Path, requirements: Path, packages: Path) -> list[str]:
    source = ["--no-index", "--find-links", str(wheels), "--require-hashes", "--no-deps"]
    options = [*source, "--target", str(packages)]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore"]
    return [_python(), "-m", "pip", "install", *quiet, *options, "-r", str(requirements)]


def _run(command: list[str], message: Path, changed: dict[str, str] | None = None) -> int:
    """Run ``command`` to its end, passing on its standard error and a request to stop."""
    last = ""
    environment = {**os.environ, **(changed or {})}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace", env=environment)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda number, _: process.send_signal(number))
    assert process.stderr is not None
    for line in process.stderr:
        sys.stderr.write(line)
        sys.stderr.flush()
        last = line.strip() or last
    status = process.wait()
    if status != 0 and not message.exists():
        exits.write_message(_died(status, last), message)
    return status if status >= 0 else 128 - status


def _died(status: int, last: str) -> str:
    if status >= 0:
        return last or f"the job ended with status {status} and said nothing"
    name = signal.Signals(-status).name
    hint = ": most likely the machine's memory was used up" if name == "SIGKILL" else ""
    return f"error: the job was ended by {name}{hint}"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: bootstrap.py SCRIPT [ARGUMENT…]")
    sys.exit(main(sys.argv[1], sys.argv[2:]))
