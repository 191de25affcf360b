"""The pages of the documentation: their links, their headings' anchors, and the commands that they show."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token
from paths import ROOT

from data_pipeline.cli.main import COMMANDS, load_command

#: folders whose pages are the project's own
_FOLDERS = ("docs", "examples", "jobs", "data_pipeline")
_SHORT = {"./deploy.sh": "deploy", "data_pipeline_create.py": "create", "data_pipeline_run.py": "run"}
_LANGUAGES = frozenset({"", "sh", "bash"})
_BEGINS = re.compile(r"(python |data-pipeline |\./deploy\.sh|make [a-z])")


def pages() -> list[Path]:
    """Every Markdown page of the project."""
    return [
        *ROOT.glob("*.md"),
        *(page for folder in _FOLDERS for page in sorted((ROOT / folder).rglob("*.md"))),
    ]


def tokens(page: Path) -> Iterator[Token]:
    """What the page consists of, the parts of its lines among it."""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def links(page: Path) -> list[str]:
    """Targets of the links and pictures of ``page`` that are no addresses of the web."""
    found = [
        token.attrGet("href") or token.attrGet("src")
        for token in tokens(page)
        if token.type in ("link_open", "image")
    ]
    return [str(target) for target in found if target and "://" not in str(target)]


def anchors(page: Path) -> set[str]:
    """The names of the headings of ``page``, as GitHub makes them."""
    parsed = list(MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")))
    headings = [after.content for token, after in pairwise(parsed) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path) -> list[str]:
    """The command lines of ``page``: in its blocks of shell, and by themselves within its sentences."""
    found = []
    for token in tokens(page):
        if token.type == "fence" and token.info.strip() in _LANGUAGES:
            found += _lines(token.content)
        elif token.type == "code_inline":
            found.append(" ".join(token.content.split()))
    return [line for line in found if _BEGINS.match(line) or _is_verb(line)]


def _lines(block: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", block)
    return [re.sub(r"\s+#.*", "", line).strip() for line in re.split(r"\n| && |; ", joined)]


def _is_verb(text: str) -> bool:
    """Whether it reads like ``features get ENV``: a noun of the tree with one of its verbs."""
    first, _, rest = text.partition(" ")
    if first not in COMMANDS or not rest:
        return False
    command = load_command(first)
    return not isinstance(command, click.Group) or rest.split()[0] in command.commands


def mistake(line: str) -> str | None:
    """What is wrong with a command line; None if there is such a command with these options."""
    words = shlex.split(line)
    if words[0] == "make":
        return (
            None
            if all(_is_target(word) for word in words[1:] if "=" not in word)
            else "no such target of the Makefile"
        )
    if words[0] == "python":
        words = words[1:]
    if words[:2] == ["-m", "data_pipeline"]:
        words = words[2:]
    elif words[0] == "data-pipeline":
        words = words[1:]
    elif words[0] in _SHORT:
        words = [_SHORT[words[0]], *words[1:]]
    elif words[0] == "-m":
        return None if _is_module(words[1]) else f"no module {words[1]}"
    elif words[0].endswith(".py"):
        return _mistake_of_script(words[0], words[1:])
    return _mistake_of_verb(words)


def _is_target(word: str) -> bool:
    return bool(re.search(rf"^{re.escape(word)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _mistake_of_verb(words: list[str]) -> str | None:
    """Of a command with all its arguments; where only the verb stands, its arguments may be left out."""
    path = "data-pipeline"
    command: click.Command | None = click.Group(
        path, {name: load_command(name) for name in COMMANDS if name in words[:1]}
    )
    while isinstance(command, click.Group) and words:
        name, *words = words
        command, path = command.get_command(click.Context(command), name), f"{path} {name}"
        if command is None:
            return f"no command {path}"
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    unknown = {word.partition("=")[0] for word in words if re.match("--?[a-z]", word)} - known - {"--help"}
    return f"{path} has no option {', '.join(sorted(unknown))}" if unknown else None


def _mistake_of_script(script: str, words: list[str]) -> str | None:
    if not (ROOT / script).is_file():
        return f"no file {script}"
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    unknown = {option for option in options if not re.search(rf"{option}\b", _help(script))}
    return f"{script} has no option {', '.join(sorted(unknown))}" if unknown else None


@cache
def _help(script: str) -> str:
    done = subprocess.run(
        [sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout
