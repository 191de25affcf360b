"""Entry point of a SageMaker Processing job: install the wheels, run a script, leave its last words.

``python3 bootstrap.py SCRIPT [ARGUMENT…]`` runs SCRIPT, which lies beside this file. If the wheels folder's
``requirements.txt`` names any package, pip installs them first, from that folder alone: a job needs no
package index. In SageMaker's Spark image the script is submitted to Spark, which spans all hosts of the job;
every host starts with this file. If the script fails without an exit message, its last line on standard
error becomes that.
Standard library only, Python 3.9.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tlc import exits

WHEELS = Path("/opt/ml/processing/input/wheels")
HERE = Path(__file__).resolve().parent
#: the library as the executors of a Spark job take it.
LIBRARY = HERE / "tlc-0-py3-none-any.whl"


def main(script: str, arguments: list[str], wheels: Path = WHEELS, message: Path = exits.MESSAGE) -> int:
    """Install, run, and return the exit status of whatever ended the job."""
    message.unlink(missing_ok=True)
    requirements = wheels / "requirements.txt"
    if requirements.is_file() and names_a_package(requirements.read_text("utf-8")):
        status = _run(_install(wheels, requirements), message)
        if status != 0:
            return status
    return _run(_command(str(HERE / script), arguments), message)


def names_a_package(requirements: str) -> bool:
    """Whether a requirements file holds more than comments and options."""
    lines = (line.strip() for line in requirements.splitlines())
    return any(line and not line.startswith(("#", "-")) for line in lines)


def _command(script: str, arguments: list[str]) -> list[str]:
    """Python with the script; where the image has it, SageMaker's ``smspark-submit`` in the place of Python.

    That one makes a Spark cluster of the job's hosts, runs the script on the first and waits on the others. It
    joins what it is given into one line for a shell, so that every argument is quoted for one.
    """
    submit = shutil.which("smspark-submit")
    if submit is None:
        return [sys.executable, script, *arguments]
    library = ["--py-files", str(LIBRARY)] if LIBRARY.is_file() else []
    return [submit, *library, script, *(shlex.quote(argument) for argument in arguments)]


def _install(wheels: Path, requirements: Path) -> list[str]:
    options = ["--no-index", "--find-links", str(wheels), "--require-hashes", "--no-deps"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore"]
    return [sys.executable, "-m", "pip", "install", *quiet, *options, "-r", str(requirements)]


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
