"""Arguments of a job: ``--name value``. Those that Glue itself adds are dropped, any other unknown one is an
error.
"""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from .errors import JobError

# What Glue passes to a script beside the job's own arguments: its reserved names and its special parameters.
_WITH_VALUE = """
    JOB_ID JOB_NAME JOB_RUN_ID SECURITY_CONFIGURATION TempDir RedshiftTempDir additional-python-modules class
    conf continuous-log-conversionPattern continuous-log-logGroup continuous-log-logStreamPrefix
    customer-driver-env-vars customer-executor-env-vars custom-logGroup-prefix custom-logStream-prefix
    datalake-formats encryption-type executor-cores extra-files extra-jars extra-py-files job-bookmark-from
    job-bookmark-option job-bookmark-to job-language library-set python-modules-installer-option
    scriptLocation spark-event-logs-path
"""
_SWITCHES = """
    disable-proxy disable-proxy-v2 enable-auto-scaling enable-continuous-cloudwatch-log
    enable-continuous-log-filter enable-data-lineage enable-glue-datacatalog enable-job-insights
    enable-metrics enable-observability-metrics enable-s3-parquet-optimized-committer enable-spark-ui
    use-postgres-driver user-jars-first write-shuffle-files-to-s3 write-shuffle-spills-to-s3
"""
GLUE_WITH_VALUE = frozenset(_WITH_VALUE.split())
GLUE_SWITCHES = frozenset(_SWITCHES.split())
# The one special parameter that Glue's documentation spells without dashes.
GLUE_WITHOUT_DASHES = frozenset({"library-set"})


#: of an argument that is true or false, as state machines can pass it: ``add_argument("--full", **SWITCH, help=…)``.
SWITCH: dict[str, Any] = {"choices": ("false", "true"), "default": "false"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise JobError(f"{self.prog}: {message}; run it with --help to see its arguments")


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose errors are JobErrors and that takes no abbreviations. Read it with ``parse``."""
    return _Parser(description=description, allow_abbrev=False)


def parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """``arguments`` (without the program's name) as ``parser`` declares them.

    Raises JobError for an argument that is neither declared nor Glue's own.
    """
    return parser.parse_args(without_glue(arguments))


def without_glue(arguments: list[str]) -> list[str]:
    """``arguments`` less those that Glue adds. A value belongs to the name before it, also if it starts with
    ``--`` (``--python-modules-installer-option --no-index``); a switch may stand with or without one.
    """
    kept = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, _ = argument.removeprefix("--").partition("=")
        named = argument.startswith("--") or name in GLUE_WITHOUT_DASHES
        if not named or name not in GLUE_WITH_VALUE | GLUE_SWITCHES:
            kept.append(argument)
        elif not equals and rest and (name in GLUE_WITH_VALUE or not rest[0].startswith("--")):
            rest.pop(0)
    return kept
