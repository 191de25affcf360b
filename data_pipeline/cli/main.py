"""The command tree and the one place where an error becomes a message and an exit status.

Exit status: 0 done; 1 anything the user can mend; 2 "there are differences", only where documented;
3 a bug; 130 ^C.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from data_pipeline.core.errors import UserError
from data_pipeline.local.errors import LocalError

#: each is defined under its own name in the module of its name, imported when asked for: a command needs only
#: the packages that it uses.
COMMANDS = (
    "create",
    "check",
    "policies",
    "deploy",
    "run",
    "mirror",
    "maintenance",
    "doctor",
    "features",
    "dataset",
    "sql",
    "local",
    "sample",
    "picture",
    "images",
)


class Tree(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return load_command(cmd_name) if cmd_name in COMMANDS else None


def load_command(name: str) -> click.Command:
    """The command of that name, from the module of this package that has its name too."""
    command: click.Command = getattr(importlib.import_module(f"data_pipeline.cli.{name}"), name)
    return command


@click.command(cls=Tree, context_settings={"help_option_names": ["-h", "--help"]})
def tree() -> None:
    """Render, deploy and run daily data pipelines on AWS, or on this machine."""


def main(prog_name: str, verb: str | None = None) -> NoReturn:
    """Run the process's arguments as the whole tree, or as its command ``verb``, and exit with its status."""
    sys.exit(status_of(prog_name, sys.argv[1:], verb))


def status_of(prog_name: str, arguments: Sequence[str], verb: str | None = None) -> int:
    """Run a command line and turn its outcome into an exit status; the only catcher of errors."""
    try:
        command = tree if verb is None else load_command(verb)
        outcome: Any = command.main(args=list(arguments), prog_name=prog_name, standalone_mode=False)
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
