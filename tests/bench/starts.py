"""`make bench`: how long commands take that do little, against an interpreter that imports three packages.

Processor seconds, since a command's start is short and machines are shared. They are measured in turn, so that a
machine that is slow for a while is slow for all. Prints a table and writes ``docs/records/starts.md``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from measure import CommandError, about_machine

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Start:
    """A command; ``aim``: processor seconds; its runs: processor seconds, and the most bytes that one had resident."""

    name: str
    arguments: list[str]
    aim: str = ""
    seconds: list[float] = field(default_factory=list)
    memory: int = 0


def starts() -> list[Start]:
    """What is measured, the baseline first."""
    return [
        Start(
            "an interpreter that imports click, pydantic and botocore",
            ["-c", "import click, pydantic, botocore"],
        ),
        Start("the list of all commands (`--help`)", ["-m", "data_pipeline", "--help"], "0.3"),
        Start("`python data_pipeline_create.py`, three environments", ["data_pipeline_create.py"], "0.8"),
        Start("`python data_pipeline_create.py --check`", ["data_pipeline_create.py", "--check"], "0.5"),
        Start("`python -m data_pipeline check dev`", ["-m", "data_pipeline", "check", "dev"], "0.5"),
        Start("`python -m data_pipeline local status`", ["-m", "data_pipeline", "local", "status"], "0.3"),
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--repeat", type=int, default=7, help="runs of each; one more comes first and is not counted"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "records" / "starts.md")
    options = parser.parse_args()
    load, measured = os.getloadavg()[0], starts()
    with tempfile.TemporaryDirectory(prefix="bench-") as state:
        env = environment(Path(state))
        run(["-m", "data_pipeline", "local", "up"], env)
        try:
            for number in range(options.repeat + 1):
                for start in measured:
                    seconds, memory = run(start.arguments, env)
                    if number:  # the first one writes bytecode and fills the machine's cache of files
                        start.seconds.append(seconds)
                        start.memory = max(start.memory, memory)
        finally:
            run(["-m", "data_pipeline", "local", "down"], env)
    text = report(measured, options.repeat, load)
    print(text)
    options.output.write_text(text, encoding="utf-8")
    print(f"written to {options.output}", file=sys.stderr)


def environment(state: Path) -> dict[str, str]:
    """This process's environment without AWS's variables and Python's, for an embedded AWS of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    return kept | {"DATA_PIPELINE_LOCAL_STATE": str(state), "DATA_PIPELINE_LOCAL_PORT": "0"}


def run(arguments: list[str], env: dict[str, str]) -> tuple[float, int]:
    """Processor seconds of one run, and the most bytes that it had resident. Raises ``CommandError``."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandError(f"{' '.join(arguments)}: exit {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def report(measured: list[Start], repeat: int, load: float) -> str:
    """The table and what it was measured on, as Markdown."""
    base = min(measured[0].seconds)
    rows = [
        f"| {each.name} | {min(each.seconds):.2f} | {statistics.median(each.seconds):.2f} | {each.aim} "
        f"| {min(each.seconds) / base:.1f} | {each.memory / 1e6:,.0f} |"
        for each in measured
    ]
    return "\n".join(
        [
            "# Start of commands",
            "",
            f"Written by `python tests/bench/starts.py`: processor seconds of {repeat} runs of each, in turn. The",
            "ratio is that of the least to the least of the first row. Bytecode and files are in the machine's cache.",
            "",
            "| | least | median | aim | ratio | peak MB |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            *about_machine(load),
            "",
        ]
    )


if __name__ == "__main__":
    try:
        main()
    except CommandError as failed:
        sys.exit(f"error: {failed}")
