"""Generated folders of files: what is proposed loads, and reads or refuses every row."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import patterns
from data_pipeline.scaffold import block, insertion, proposing, trial
from data_pipeline.scaffold.folder import folder
from data_pipeline.scaffold.proposing import Proposed
from data_pipeline.scaffold.trial import LocalSample
from tests.core.config_project import project
from tests.randomness import SEED, times
from tests.scaffold.generated import Generated, generate

PIPELINE = "pipeline: shop\nregion: us-east-1  # of all\n"


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("proposals")))
def test_what_is_proposed_loads_and_accounts_for_every_row(attempt: int, tmp_path: Path) -> None:
    """Of every file, not only of those that were looked at: nothing is unreadable, few rows are refused, and rows read
    are accepted or refused. The pattern claims every file and no type is invented.
    """
    rnd = random.Random(f"{SEED}-proposals-{attempt}")
    files, scratch = tmp_path / "files", tmp_path / "scratch"
    scratch.mkdir()
    made = generate(files, rnd)
    found = proposing.propose("orders", folder(files), None, scratch)
    loaded = load(tmp_path / "project", found)
    assert set(found.proposal.patterns) == set(loaded.files), made.about
    claimed = [patterns.parse(each) for each in loaded.files]
    assert all(any(each.match(path) for each in claimed) for path in made.rows), made.about
    (tmp_path / "again").mkdir()
    samples = [LocalSample(path, files / path) for path in made.rows]
    held = trial.held_against(trial.dataset(found.proposal), samples, tmp_path / "again")
    assert [(each.path, each.unreadable) for each in held.unreadable] == [], made.about
    assert {each.path: each.read for each in held.files} == made.rows, made.about
    assert all(each.read == each.accepted + each.quarantined for each in held.files), made.about
    assert sum(each.quarantined for each in held.files) <= 0.03 * sum(made.rows.values()), (
        made.about,
        held.reasons,
    )
    wrong = wrong_types(made, found)
    assert len(wrong) <= 2, (made.about, wrong)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("damaged-samples")))
def test_damaged_files_are_refused_in_a_sentence_or_accounted_for(attempt: int, tmp_path: Path) -> None:
    """Cut off, with other bytes, with other signs between fields, without a header, no text at all."""
    rnd = random.Random(f"{SEED}-damaged-samples-{attempt}")
    files, scratch = tmp_path / "files", tmp_path / "scratch"
    scratch.mkdir()
    for path in generate(files, rnd).rows:
        damage(files / path, rnd)
    try:
        found = proposing.propose("orders", folder(files), None, scratch)
    except UserError as refused:
        said = str(refused)
        found = None
    if found is None:
        assert said.endswith("nothing was changed")
        assert "\n" not in said
        return
    load(tmp_path / "project", found)
    assert all(each.unreadable or each.read == each.accepted + each.quarantined for each in found.trial.files)


def damage(path: Path, rnd: random.Random) -> None:
    content = bytearray(path.read_bytes())
    how = rnd.randrange(7)
    if how == 0:
        content = content[: rnd.randrange(len(content) + 1)]
    elif how == 1:
        for _ in range(rnd.randrange(1, 40)):
            content[rnd.randrange(len(content))] = rnd.randrange(256)
    elif how == 2:
        content = bytearray(rnd.randbytes(rnd.randrange(3000)))
    elif how == 3:
        content = content.replace(b",", bytes([rnd.randrange(256)]))
    elif how == 4:
        content = bytearray(b"\n".join(bytes(content).split(b"\n")[rnd.randrange(1, 4) :]))
    elif how == 5:
        content = bytearray(b'"'.join(bytes(content).split(b"\n")))
    path.write_bytes(bytes(content))


def load(root: Path, found: Proposed) -> Dataset:
    """The data set as a project has it whose pipeline.yaml it was written into."""
    text = insertion.inserted(PIPELINE.encode(), "orders", lambda step: block.lines(found.proposal, step))
    assert text.startswith(PIPELINE.encode())
    return load_environment(project(root, pipeline=text.decode()), "dev").datasets["orders"]


def wrong_types(made: Generated, found: Proposed) -> dict[str, str]:
    """Column of the file → the type that is not right."""
    columns = {(each.named or (each.name,))[0]: str(each.type) for each in found.proposal.content.columns}
    return {
        name: columns.get(name, "none")
        for name, right in made.types.items()
        if columns.get(name) not in right
    }
