"""The command tree and the one place where an error becomes a message and an exit status.

Exit status: 0 done; 1 anything the user can mend; 2 "there are differences", only where documented; 3 a bug; 130 ^C.
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

#: command → module of this package that defines it under the same name; imported when asked for, so that
#: a command needs only the packages that it uses.
COMMANDS = {
    "create": "create",
    "deploy": "deploy",
    "doctor": "doctor",
    "images": "images",
    "local": "local",
    "picture": "picture",
    "run": "run",
    "sample": "sample",
}


class Tree(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"data_pipeline.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.command(cls=Tree, context_settings={"help_option_names": ["-h", "--help"]})
def tree() -> None:
    """Render, deploy and run daily data pipelines on AWS, or on this machine."""


def main(arguments: Sequence[str] | None = None, prog_name: str = "python -m data_pipeline") -> NoReturn:
    """Run a command line (``sys.argv`` without it) and exit with the status above."""
    sys.exit(status_of(tree, arguments, prog_name))


def status_of(command: click.Command, arguments: Sequence[str] | None, prog_name: str) -> int:
    """Run one command and turn its outcome into an exit status; the only catcher of errors."""
    try:
        outcome: Any = command.main(args=arguments, prog_name=prog_name, standalone_mode=False)
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
    except Exception:  # noqa: BLE001 - the boundary: whatever else arrives here is a bug and shown as one
        traceback.print_exc()
        click.echo("This is a bug in data_pipeline: please report it with the lines above.", err=True)
        return 3
    return outcome if isinstance(outcome, int) else 0
