"""The command tree and the one place where an error becomes a message and an exit status.

Exit status: 0 done; 1 anything the user can mend; 2 "there are differences", only where documented;
3 a bug; 130 ^C.
"""

from __future__ import annotations

import gc
import importlib
import keyword
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from data_pipeline import __version__
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.errors import LocalError

#: name → the first paragraph of its help. Each is defined under its own name in the module of its name, which is
#: imported when the command is run: it needs only the packages that it uses, and the list needs none.
COMMANDS = {
    "init": "Write a new project to DIR, which does not exist or is empty.",
    "new": "Look at samples and write the data set NAME into config/pipeline.yaml, where all else stays as it is.",
    "try": "Say what a run would make of the data set NAME, with the files below DIR as the whole input.",
    "lock": "Write jobs/locks/RUNTIME.txt for the packages in jobs/requirements.txt and those of the tool; needs uv.",
    "create": "Render both templates of each ENV to templates/; without ENV, of every environment in config/.",
    "check": "Check the pipeline of ENV, of every environment without one, or a file: a CloudFormation TEMPLATE or a "
    "state machine, ASL.json.",
    "policies": "Print who may do what in ENV, on what, under which condition, and why.",
    "plan": "Say what deploying ENV would change, and change nothing.",
    "deploy": "Show what deploying ENV will change, ask, apply it, and print the stacks' outputs.",
    "deployments": "What was deployed: each deployment with its number, time, person, commit and parts.",
    "rollback": "Show what going back to an earlier deployment of ENV will change, ask, and apply it.",
    "destroy": "Say what goes and what stays of ENV, ask, and take it down.",
    "run": "Start the pipeline of ENV, follow it to its end, and say what it published.",
    "backfill": "Read the periods of ENV that are not published, run after run, then make what follows from them.",
    "status": "Show on one screen how ENV stands: version, schedule, last runs, coverage, drift, alarms.",
    "runs": "What has run or runs, whoever started it: listed, shown, compared, followed, stopped.",
    "schedule": "When the pipeline runs by itself: shown, paused and resumed.",
    "coverage": "Which periods of which data sets are published.",
    "drift": "What was changed by hand since the deployment.",
    "report": "Pages about runs: what was read, refused and published, and how long it took.",
    "mirror": "The files of the sources in the configuration, brought into the input.",
    "maintenance": "The upkeep of the tables: old snapshots, and the files that only they needed.",
    "erase": "Take a key out of the tables of DATASET, which has one, and out of the snapshots that nothing names.",
    "doctor": "Look, read-only, at what ENV needs of its account: quotas, permissions, buckets and keys, left-overs.",
    "features": "Feature groups: what the published tables offer to models.",
    "training-set": "Training sets that can be made again byte for byte.",
    "sql": "Run QUERY, one SELECT in Athena's SQL, over the published tables; - reads it from stdin.",
    "local": "The embedded AWS on this machine: deploy and run start it for environments on it.",
    "diagram": "Draw ENV's state machine, from its rendered template, and a table with times that it has published.",
    "images": "AWS's prebuilt container images by region.",
    "completion": "Print what makes SHELL complete commands, options and environments: bash, zsh or fish.",
}
#: new objects after which Python looks for garbage, of which a command makes little: it does from 700 on by itself.
_OBJECTS = 100_000
#: name that a command had → what to type in its place.
RENAMED = {
    "dataset": "data-pipeline training-set create|verify ENV NAME",
    "picture": "data-pipeline diagram ENV -o FILE",
    "sample": "python jobs/sample.py DIR (a script of the example project)",
}


class Tree(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in RENAMED:
            raise UserError(f"{args[0]!r} has another name since version 0.2; type: {RENAMED[args[0]]}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of the commands as click writes it, without importing them."""
        limit = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [
            (name, click.Command(name, help=text).get_short_help_str(limit))
            for name, text in COMMANDS.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def load_command(name: str) -> click.Command:
    """The command of that name, from the module of ``commands`` that has its name too (``try_`` of ``try``,
    ``training_set`` of ``training-set``).

    The garbage collector waits meanwhile, and leaves alone what was imported, of which nothing becomes garbage.
    """
    gc.disable()
    module = f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")
    try:
        command: click.Command = getattr(
            importlib.import_module(f"data_pipeline.cli.commands.{module}"), module
        )
    finally:
        gc.freeze()
        gc.enable()
    return command


@click.command(cls=Tree, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="data-pipeline")
def tree() -> None:
    """Render, deploy and run daily data pipelines on AWS, or on this machine."""


def main(prog_name: str, verb: str | None = None, project: Path | None = None) -> NoReturn:
    """Run the process's arguments as the whole tree, or as its command ``verb``, and exit with its status.

    ``project``: the folder of the project, where the entry point decides it.

    At its end, Python would look for garbage among all that was imported, which takes a short command a tenth of its
    time.
    """
    gc.set_threshold(_OBJECTS)
    status = status_of(prog_name, sys.argv[1:], verb, project)
    gc.freeze()
    sys.exit(status)


def status_of(
    prog_name: str, arguments: Sequence[str], verb: str | None = None, project: Path | None = None
) -> int:
    """Run a command line and turn its outcome into an exit status; the only catcher of errors."""
    try:
        command = tree if verb is None else load_command(verb)
        outcome: Any = command.main(
            args=list(arguments), prog_name=prog_name, standalone_mode=False, obj=project
        )
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 1
    except (UserError, LocalError) as error:
        click.echo(f"error: {error}", err=True)
        return 1
    except BrokenPipeError:
        return 0
    except ModuleNotFoundError:
        raise  # the entry point says which package is missing and how to install it
    except Exception:  # noqa: BLE001 - the boundary: whatever else arrives here is a bug and shown as one
        traceback.print_exc()
        click.echo("This is a bug in data_pipeline: please report it with the lines above.", err=True)
        return 3
    return outcome if isinstance(outcome, int) else 0
