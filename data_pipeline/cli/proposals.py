"""What `new` and `init --from` share: a proposal from samples, held against what `create` checks, and its report."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from data_pipeline.core.deployment.packages import packages_of
from data_pipeline.core.errors import UserError, not_installed
from data_pipeline.core.facts import dataset_limits
from data_pipeline.core.problems import RefusedError

try:
    from data_pipeline.scaffold import block, insertion, proposing
    from data_pipeline.scaffold.folder import folder
    from data_pipeline.scaffold.guesses import amount
    from data_pipeline.scaffold.proposing import Proposed
    from data_pipeline.scaffold.samples import SampleSource
except ModuleNotFoundError as missing:
    raise not_installed("samples are read", str(missing.name)) from missing

from data_pipeline.cli import job_code
from data_pipeline.cli.commands import create
from data_pipeline.cli.commands.check import refuse_findings
from data_pipeline.cli.feature_types import with_feature_types
from data_pipeline.core.loading.load import load_all
from data_pipeline.stacks import documents

_ADDRESS = re.compile(r"s3://[^/]+(/.*)?")
_SHOWN = 5


def source_of(given: str) -> SampleSource:
    """The files that ``--from`` names. UserError if there are none."""
    if given.startswith("s3:"):
        if not _ADDRESS.fullmatch(given):
            raise UserError(f"{given}: expected s3://BUCKET/PREFIX; nothing was changed")
        from data_pipeline.aws.reading import objects  # boto3, which files of this machine do without

        found = objects(given)
        click.echo(f"{given} · {found.reached}", err=True)
        return found
    return folder(Path(given))


def source_folder(given: str) -> Path:
    """The folder that stands for the input, where ``--from`` names files of this machine."""
    path = Path(given)
    return path if path.is_dir() else path.parent


def refuse_name(name: str) -> None:
    """UserError if no data set can be called so."""
    try:
        dataset_limits.dataset_name(name)
    except RefusedError as refused:
        advice = f"; {refused.advice}" if refused.advice else ""
        raise UserError(
            f"{name}: no name of a data set, expected {refused.expected}{advice}; nothing was changed"
        ) from None


def proposed(name: str, given: str, match: str | None) -> Proposed:
    """The data set of the files that ``given`` names; without a ``name`` it is called as they are."""
    with tempfile.TemporaryDirectory() as scratch:
        return proposing.propose(name, source_of(given), match, Path(scratch))


def inserted(content: bytes, found: Proposed) -> bytes:
    """The text of pipeline.yaml with the data set."""
    return insertion.inserted(content, found.proposal.name, lambda step: block.lines(found.proposal, step))


def refuse_what_create_refuses(root: Path, content: bytes) -> None:
    """UserError with the first thing that `create` would find wrong, were ``content`` the project's pipeline.yaml."""
    with tempfile.TemporaryDirectory() as folder_:
        trial = Path(folder_)
        (trial / "config").mkdir()
        for path in (root / "config").iterdir():
            (trial / "config" / path.name).symlink_to(path.resolve())
        if (root / "jobs").is_dir():
            (trial / "jobs").symlink_to((root / "jobs").resolve())
        changed = trial / insertion.FILE
        changed.unlink(missing_ok=True)
        changed.write_bytes(content)
        try:
            _as_create_does(trial)
        except UserError as error:
            raise UserError(
                f"with the proposed data set, create would say: {error}\n  nothing was changed"
            ) from error


def _as_create_does(root: Path) -> None:
    chosen = [with_feature_types(root, env) for env in load_all(root).values()]
    sources = job_code.sources(root)
    needs = packages_of(sources)
    for env in chosen:
        create.refuse_missing_packages(root, env, sources, needs)
    create.columns_lines(root, chosen)
    for env in chosen:
        refuse_findings(env, documents(env), sources)


def report(found: Proposed) -> None:
    """Say what was looked at, what would be refused, and what is unsure."""
    held = found.trial
    patterns = ", ".join(found.proposal.patterns)
    size = f"{found.bytes / 1e6:,.1f} MB" if found.bytes >= 100_000 else f"{found.bytes:,} bytes"
    files = f"{found.looked_at:,} of {amount(found.files, 'file')}"
    click.echo(f"looked at   {files}, {size}: {amount(held.read, 'row')}")
    click.echo(f"files       {patterns}")
    if found.left_out:
        more = ", …" if len(found.left_out) > _SHOWN else ""
        click.echo(f"left out    {len(found.left_out):,}: {', '.join(found.left_out[:_SHOWN])}{more}")
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in held.reasons.items())
    refused = amount(sum(held.reasons.values()), "row")
    click.echo(f"refused     {refused}{f': {reasons}' if reasons else ''}")
    for row in held.refused:
        click.echo(f"              {row.path} row {row.row}: {row.reason}: {' '.join(row.raw.split())[:80]}")
    for left in found.proposal.content.left_out:
        click.echo(f"not read    {left}")
    for sentence in _together(found.unsure):
        click.echo(f"unsure      {sentence}")


def _together(sentences: Iterable[str]) -> list[str]:
    """What is said of several columns (``price: a double``), once: ``price, cost: a double``."""
    names: dict[str, list[str]] = {}
    for sentence in sentences:
        *name, said = " ".join(sentence.split()).split(": ", maxsplit=1)
        names.setdefault(said, []).extend(name)
    return [": ".join([*([", ".join(of)] if of else []), said]) for said, of in names.items()]
