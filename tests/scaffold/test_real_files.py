"""Folders of real files, where they lie beside the repository: what is proposed of each accounts for every row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents import patterns
from data_pipeline.scaffold import proposing, trial
from data_pipeline.scaffold.folder import Folder
from data_pipeline.scaffold.trial import LocalSample
from tests.paths import ROOT
from tests.randomness import SOAK
from tests.scaffold.test_generated import load

SHARED = ROOT.parent / "shared"
SUFFIXES = (".csv", ".csv.gz", ".parquet")
#: files that no data set can be made of, by a part of the message.
REFUSED = ("cannot be read as Parquet", "found no row", "different columns", "no file that can be read")


def groups() -> Iterator[tuple[str, list[Path]]]:
    """The files of a folder whose names begin alike; in `make test` one such group, of the smallest folder."""
    found = sorted(
        path for path in SHARED.rglob("*") if path.name.endswith(SUFFIXES) and "altered" not in path.parts
    )
    for (folder, word), files in itertools.groupby(
        found, lambda path: (path.parent, path.name.split("_")[0])
    ):
        if SOAK or (folder.name == "side" and word == "central"):
            yield f"{folder.relative_to(SHARED)}/{word}", [*files]


@pytest.mark.soak
@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no real files beside the repository")
def test_what_is_proposed_of_real_files_accounts_for_every_row(tmp_path: Path) -> None:
    """Of every file that is readable; the pattern claims all of a group. What no data set can be made of is refused."""
    made = {name: accounting(name, files, tmp_path / str(at)) for at, (name, files) in enumerate(groups())}
    refused = [said for said in made.values() if said]
    assert all(any(each in said for each in REFUSED) for said in refused), refused
    assert len(refused) < len(made)


def accounting(name: str, files: list[Path], place: Path) -> str:
    """Propose, load and read; the message of what refuses the files, or nothing."""
    scratch = place / "scratch"
    scratch.mkdir(parents=True)
    source = Folder(files[0].parent, name, "" if len(files) > 1 else files[0].name)
    try:
        found = proposing.propose("orders", source, f"{files[0].name.split('_')[0]}*", scratch)
    except UserError as error:
        return str(error)
    loaded = load(place / "project", found)
    claimed = [patterns.parse(each) for each in loaded.files]
    assert all(any(each.match(file.name) for each in claimed) for file in files), (name, loaded.files)
    samples = [LocalSample(file.name, file) for file in files]
    (place / "again").mkdir()
    held = trial.held_against(trial.dataset(found.proposal), samples, place / "again")
    assert all(each.read == each.accepted + each.quarantined for each in held.files), name
    return ""
