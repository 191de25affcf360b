"""Entry point of a SageMaker Processing job: install the wheels, run a script, leave its last words.

``python3 bootstrap.py SCRIPT [ARGUMENT…]`` runs SCRIPT, which lies beside this file. If the wheels folder's
``requirements.txt`` names any package, pip installs them first, from that folder alone: a job needs no
package index. If the script fails without an exit message, its last line on standard error becomes that.
Standard library only, Python 3.9.

A Spark image starts this on every machine of its cluster, so the packages are on all of them, for the Python
that runs Spark's workers; its ``smspark-submit`` then joins the machines and runs the script on the first.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tlc import exits

WHEELS = Path("/opt/ml/processing/input/wheels")
SUBMIT = "smspark-submit"
SUBMITTED = """\
import runpy
import sys

sys.argv = {words!r}
sys.path.insert(0, {folder!r})
runpy.run_path({script!r}, run_name="__main__")
"""


def main(script: str, arguments: list[str], wheels: Path = WHEELS, message: Path = exits.MESSAGE) -> int:
    """Install, run, and return the exit status of whatever ended the job."""
    message.unlink(missing_ok=True)
    requirements = wheels / "requirements.txt"
    if requirements.is_file() and names_a_package(requirements.read_text("utf-8")):
        status = _run(_install(wheels, requirements), message)
        if status != 0:
            return status
    words = [str(Path(__file__).parent / script), *arguments]
    if shutil.which(SUBMIT) is None:
        return _run([_python(), *words], message)
    with tempfile.TemporaryDirectory(prefix="bootstrap-") as folder:
        return _run([SUBMIT, str(submitted(words, Path(folder)))], message)


def submitted(words: list[str], folder: Path) -> Path:
    """A script in ``folder`` that runs the script ``words[0]`` with the arguments that follow it:
    smspark-submit has a shell read its own arguments, which would split them at spaces.
    """
    path = folder / "submitted.py"
    content = SUBMITTED.format(words=words, folder=str(Path(words[0]).parent), script=words[0])
    path.write_text(content, encoding="utf-8")
    return path


def _python() -> str:
    """The interpreter of the job. In a Spark image ``python3`` may be another one, which only starts this."""
    return os.environ.get("PYSPARK_PYTHON") or sys.executable


def names_a_package(requirements: str) -> bool:
    """Whether a requirements file holds more than comments and options."""
    lines = (line.strip() for line in requirements.splitlines())
    return any(line and not line.startswith(("#", "-")) for line in lines)


def _install(wheels: Path, requirements: Path) -> list[str]:
    options = ["--no-index", "--find-links", str(wheels), "--require-hashes", "--no-deps"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore"]
    return [_python(), "-m", "pip", "install", *quiet, *options, "-r", str(requirements)]


def _run(command: list[str], message: Path) -> int:
    """Run ``command`` to its end, passing on its standard error and a request to stop."""
    last = ""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace")
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
