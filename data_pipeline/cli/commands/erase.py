"""``erase``: a key is taken out of what was published, and left out of whatever is read again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import click

from data_pipeline.aws.session import Connection
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.cli.project import root
from data_pipeline.cli.running import following
from data_pipeline.cli.running.ending import follow_to_its_end
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.erasures import Record as Erased
from data_pipeline.project import definitions as checked_definitions
from data_pipeline.project import erased, erasing, runs
from data_pipeline.project.erasing import Found, Keys
from data_pipeline.project.features import readable, store_of

Record = dict[str, Any]

PAGE = "docs/how-to/erase.md"
_FILES = 3


@dataclass(frozen=True)
class _Opened:
    """What the command acts on."""

    env: Environment
    connection: Connection
    outputs: Mapping[str, str]
    definitions: Definitions
    keys: Keys

    @property
    def output(self) -> str:
        return self.outputs["OutputUri"].rstrip("/")

    @property
    def named(self) -> str:
        """The keys, as they were typed."""
        return ", ".join(self.keys.typed)


@click.command(
    "erase",
    epilog=examples(
        "erase dev orders --key order_id=17",
        "erase dev orders --key order_id=17 --key order_id=18 --yes",
        "erase dev order_lines --key order_id=17 --key line=2",
        "erase dev orders --key order_id=17 --lift",
        "erase dev orders",
    ),
)
@environment_argument
@click.argument("dataset", metavar="DATASET")
@click.option(
    "--key",
    "given",
    metavar="COLUMN=VALUE",
    multiple=True,
    help="A value of a column of the key; each column of it once for each key, repeatable for several keys.",
)
@click.option("--always", is_flag=True, help="Also a key that no table has: it is left out when it comes.")
@click.option("--lift", is_flag=True, help="Take the key back: what is read from now on has it again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--run/--no-run",
    "at_once",
    default=True,
    help="Start a run of DATASET that takes the key out, and follow it (the default), or leave it to the next one.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)
def erase(
    env: str,
    dataset: str,
    given: tuple[str, ...],
    always: bool,
    lift: bool,
    yes: bool,
    at_once: bool,
    as_json: bool,
) -> None:
    """Take a key out of the tables of DATASET, which has one, and out of the snapshots that nothing names.

    Shows what will go, and what this cannot reach, and asks. A record keeps a salted hash of the key, by which whatever
    reads its rows again leaves them out, until --lift. Without --key it says how many keys are erased.
    """
    record: Record = {"environment": env, "dataset": dataset, "status": "NOT_STARTED"}
    with following.recorded(record, as_json):
        environment, connection = open_environment(env)
        configured = erasing.dataset_of(environment, dataset)
        outputs = deployed_outputs(environment, connection)
        if not given:
            known = erased.load(connection, outputs["OutputUri"], dataset)
            _tell_known(known, env, dataset, record, as_json)
            return
        definitions, columns = checked_definitions.checked(root(), environment)
        keys = erasing.keys_of(dataset, configured, columns[dataset], given)
        opened = _Opened(environment, connection, outputs, definitions, keys)
        if lift:
            _lift(opened, record, as_json)
            return
        _note(opened, always, yes, record)
        if at_once:
            _run(opened, record, as_json)
        elif not as_json:
            click.echo(f"noted: the next run takes {opened.named} out, and leaves it out from now on")


def _note(opened: _Opened, always: bool, yes: bool, record: Record) -> None:
    """Show what will go, ask, and put the keys on record. UserError where nobody agrees."""
    found = _looked_for(opened, always)
    record["found"] = {name: _as_json(each) for name, each in found.items()}
    record["unreached"] = [f"{what}: {how}" for what, how in _unreached(opened, found)]
    _preview(opened, found)
    if not yes and not (sys.stdin.isatty() and click.confirm("erase this?", err=True)):
        raise UserError("nothing was erased; say --yes where nobody can be asked")
    erased.note(opened.connection, opened.output, opened.keys, datetime.now(UTC))
    record["status"] = "NOTED"


def _looked_for(opened: _Opened, always: bool) -> dict[str, Found]:
    """What tables have of the keys. UserError for a key that none has, unless it is meant ``always``."""
    with readable():
        tables = store_of(opened.env, opened.connection).tables
        found = erasing.look(tables, opened.definitions, opened.keys)
    there = frozenset[int]().union(*(each.there for each in found.values()))
    missing = [typed for at, typed in enumerate(opened.keys.typed) if at not in there]
    if missing and not always:
        name = opened.keys.name
        known = erased.load(opened.connection, opened.output, name)
        texts = opened.keys.texts[opened.keys.typed.index(missing[0])]
        done = known.find(opened.keys.columns, texts)
        if done is not None:
            said = (
                "and is out of every table: nothing to do; if you have since then dropped a tag or a branch of a table "
                "that is made of it, say --always"
                if done.done
                else "and the next run takes out what is left: nothing to do"
            )
            raise UserError(f"{name}: the key {missing[0]} was erased on {done.since}, {said}")
        raise UserError(
            f"{name}: no table has the key {missing[0]}, now or in a snapshot; look at how it is written, or say "
            "--always to have it left out when it comes"
        )
    return found


def _preview(opened: _Opened, found: Mapping[str, Found]) -> None:
    """What will go, and what stays, on stderr."""
    click.echo(f"to erase    {opened.keys.name}: {opened.named}", err=True)
    for name, each in found.items():
        click.echo(f"table       {name}: {_described(each)}", err=True)
    private = opened.definitions.datasets[opened.keys.name].private
    which = (
        "all texts of refused rows of before it had `pii`"
        if private
        else "texts of refused rows that show it"
    )
    click.echo(f"quarantine  {which}; the rows stay counted", err=True)
    for what, how in _unreached(opened, found):
        click.echo(f"stays       {what}: {how}", err=True)
    click.echo(f"            what to do about it: {PAGE}", err=True)


def _described(found: Found) -> str:
    if found.hold is None:
        return f"made anew; {_number(found.older, 'older snapshot')} may hold it"
    return f"{_number(found.rows, 'row')}; {found.hold:,} of {_number(found.older, 'older snapshot')}"


def _number(count: int, one: str) -> str:
    return f"{count:,} {one}{'s' * (count != 1)}"


def _unreached(opened: _Opened, found: Mapping[str, Found]) -> Iterator[tuple[str, str]]:
    """What has the key and is not changed, and what to do there."""
    files = sorted({file for each in found.values() for file in each.files})
    if files:
        more = f" and {len(files) - _FILES:,} more" if len(files) > _FILES else ""
        yield (
            f"originals {', '.join(files[:_FILES])}{more}",
            "their rows are left out; mend them at the source",
        )
    for version in erasing.training_sets(found):
        yield f"training set {version}", "delete it with its tags, then erase again, with --always"
    others = sorted({tag for each in found.values() for tag in each.kept if not tag.startswith("dataset.")})
    if others:
        yield (
            f"snapshots named {', '.join(others)}",
            "drop these tags or branches, then erase again, with --always",
        )
    for group, stores in erasing.groups_of(opened.env, [*found]):
        if "offline" in stores:
            yield f"offline store of {group}", "it keeps every record, marked as deleted: delete it there"
    yield "older versions of objects in the bucket, backups", "rules of the bucket expire them"
    yield f"pages and profiles of runs below {opened.output}/runs/", "delete those that show it"


def _run(opened: _Opened, record: Record, as_json: bool) -> None:
    value = runs.signed(opened.connection, runs.version(opened.outputs), {"datasets": [opened.keys.name]})
    arn = runs.start(opened.connection, runs.starting(opened.outputs), value)
    record |= {"executionArn": arn, "execution": arn.rpartition(":")[2], "input": value, "status": "RUNNING"}
    try:
        follow_to_its_end(opened.env, opened.connection, opened.outputs["OutputUri"], record, as_json)
    except UserError as error:
        again = f"python -m data_pipeline run {opened.env.name} --dataset {opened.keys.name}"
        raise UserError(
            f"{error}\nThe key is on record; what is left of it goes with the next run: {again}"
        ) from error
    _check_done(opened, record)


def _check_done(opened: _Opened, record: Record) -> None:
    """UserError where the run, which ended well, has left a key in the tables, and not until the next ingestion."""
    keys = opened.keys
    if record.get("summary", {}).get("erasures", {}).get(keys.name, {}).get("ingests"):
        return
    known = erased.load(opened.connection, opened.output, keys.name)
    entries = [
        (typed, known.find(keys.columns, texts)) for typed, texts in zip(keys.typed, keys.texts, strict=True)
    ]
    left = [typed for typed, entry in entries if entry is not None and not entry.done]
    if left:
        record["error"] = "NotErased"
        raise UserError(
            f"{keys.name}: the run ended well and has not taken {', '.join(left)} out; is the deployed code as new as "
            f"this tool? Deploy, then: python -m data_pipeline run {opened.env.name} --dataset {keys.name}"
        )


def _lift(opened: _Opened, record: Record, as_json: bool) -> None:
    erased.lift(opened.connection, opened.output, opened.keys)
    record["status"] = "LIFTED"
    if not as_json:
        again = f"python -m data_pipeline run {opened.env.name} --dataset {opened.keys.name} --reprocess"
        click.echo(
            f"{opened.named} is no longer left out; its rows come with the files that are read: {again}"
        )


def _tell_known(known: Erased, env: str, name: str, record: Record, as_json: bool) -> None:
    waiting = sum(not each.done for each in known.keys)
    record |= {"status": "KNOWN", "keys": len(known.keys), "waiting": waiting}
    if not as_json:
        said = f", {waiting:,} not yet taken out: the next run does it" if waiting else ""
        click.echo(f"{name}: {_number(len(known.keys), 'erased key')} in {env}{said}")


def _as_json(found: Found) -> Record:
    told = asdict(found)
    del told["there"]
    return {**told, "files": list(found.files)}
