"""Runs a Glue script inside its own process: ``python glue_script.py REPORT SCRIPT [argument …]``.

Uses the standard library alone. The script sees itself as ``__main__`` and its arguments in ``sys.argv``.
When it ends with an exception or a non-zero SystemExit, REPORT (JSON: error, message, line, exit) says
how, which becomes the run's ErrorMessage.
"""

import json
import runpy
import sys
import traceback
from pathlib import Path


def main(report: str, script: str, arguments: "list[str]") -> int:
    """Run the script; the exit status."""
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code in (None, 0):
            return 0
        if not isinstance(end.code, int):
            sys.stderr.write(f"{end.code}\n")
        _write(report, error="SystemExit", message=str(end.code), exit=True, line=None)
        return end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - whatever the script raises is reported
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename == script]
        first = next((number for number, frame in enumerate(frames) if frame.filename == script), 0)
        sys.stderr.write("Traceback (most recent call last):\n")
        sys.stderr.writelines(traceback.format_list(frames[first:]))
        sys.stderr.writelines(traceback.format_exception_only(type(error), error))
        line = own[-1].lineno if own else getattr(error, "lineno", None)
        _write(report, error=type(error).__name__, message=str(error), exit=False, line=line)
        return 1
    return 0


def _write(report: str, **fields: object) -> None:
    Path(report).write_text(json.dumps(fields), encoding="utf-8")


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2], sys.argv[3:])
    sys.stdout.flush()
    sys.exit(code)
