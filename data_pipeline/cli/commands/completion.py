"""``completion``: what a shell needs to complete this tool's command lines."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from data_pipeline.cli.entry import PROGRAM
from data_pipeline.cli.examples import examples

#: the variable by which the shell asks the program for completions, as click derives it from the program's name.
_VARIABLE = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"


@click.command(epilog=examples("completion bash >> ~/.bashrc", "completion zsh >> ~/.zshrc"))
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options and environments: bash, zsh or fish.

    It is for the installed command data-pipeline. In bash and zsh, add it to what the shell reads at its start.
    """
    from data_pipeline.cli.main import tree  # which has this command

    kind = get_completion_class(shell)
    assert kind is not None, shell
    click.echo(kind(tree, {}, PROGRAM, _VARIABLE).source())
