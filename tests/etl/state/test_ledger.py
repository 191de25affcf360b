"""The ledger: what is written is read, whatever the order in which runs note what they have done."""

import random
from itertools import permutations

import pytest
from randomness import SEED

from data_pipeline.etl.documents.datasets import Dataset, Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.state import entries, ledger
from data_pipeline.etl.state.entries import Entry, Issue, merged


def entry(unit: str = "u1", etag: str = "a", sequence: int = 1, **more) -> Entry:
    values = {
        "etag": etag,
        "size": 10,
        "period": "2024-01",
        "parts": {"region": "nörd"},
        "unit": unit,
        "definition": "d",
        "first_published": "2024-01-01T00:00:00Z",
        "published": "2024-01-02T00:00:00Z",
        "run": "r1",
        "rows": 3,
        "accepted": 2,
        "quarantined": 1,
        "sequence": sequence,
    }
    return Entry(**{**values, **more})


def written(files: dict[str, Entry], gone: dict[str, int]) -> bytes:
    return "".join(entries.lines("table", gone, sorted(files.items()))).encode()


@pytest.mark.parametrize("number", [0, 1, 50])
def test_what_is_written_is_read(number, tmp_path, monkeypatch):
    """Every field of every file, whatever is in its path, in blocks that end anywhere; the document is JSON."""
    import json

    chance = random.Random(f"{SEED}-ledger-{number}")
    files = {
        f'a\n"b"/ü\u2028{n}.csv': entry(f"u{n}", f"e{n}", n, run=f"r{n % 3}", rows=chance.randrange(99))
        for n in range(number)
    }
    content = written(files, {"u9": 4})
    json.loads(content)
    folder = tmp_path / "state" / "datasets" / "orders"
    folder.mkdir(parents=True)
    (folder / "2024.json").write_bytes(content)
    known = ledger.Ledger(str(tmp_path))
    assert known.shards("orders") == ("2024",)
    assert dict(known.entries("orders", "2024")) == files
    monkeypatch.setattr(ledger, "BLOCK", chance.randrange(1, 40))
    assert dict(known.entries("orders", "2024")) == files
    assert dict(known.entries("orders", "2023")) == {}
    assert entries.head(content.decode().split("\n")[0], "x").gone == {"u9": 4}


def test_who_notes_first_makes_no_difference():
    """Runs that have committed one after another may note it in any order; the last commit of each unit holds."""
    issues = [
        Issue("u1", {"a": entry(sequence=1), "b": entry(sequence=1)}, 1),
        Issue("u1", {"a": entry(etag="b", sequence=2)}, 2),
        Issue("u2", {"c": entry("u2", sequence=3)}, 3),
        Issue("u2", {}, 4),
        Issue("u1", {"a": entry(etag="c", sequence=5), "d": entry(sequence=5)}, 5),
    ]
    for order in permutations(issues):
        found, gone = {}, {}
        for issue in order:
            found, gone = merged(found.items(), gone, [issue])
        assert found == issues[-1].files
        assert gone == {"u2": 4}


def test_a_shard_is_that_of_the_year():
    """Without a period, and of a data set that replaces all, there is one."""
    one = Dataset("orders", (), Format("csv"), ())
    assert ledger.shard(one, "2024-01-31") == "2024"
    assert ledger.shard(one, "") == "none"
    assert ledger.shard(Dataset("orders", (), Format("csv"), (), replaces="all"), "2024") == "none"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"version":2}', b'{"version":1,"table":"","notes":[],"gone":{},"files":[\nx\n]}'],
)
def test_what_is_no_ledger_is_named(content, tmp_path):
    """With its place and what to do."""
    folder = tmp_path / "state" / "datasets" / "orders"
    folder.mkdir(parents=True)
    (folder / "none.json").write_bytes(content)
    with pytest.raises(JobError, match=r"none\.json"):
        dict(ledger.Ledger(str(tmp_path)).entries("orders", "none"))


def test_two_writers_lose_nothing(output):
    """Each writes only what it has seen; who is too late reads again."""
    known = ledger.Ledger(output)
    assert known.definition("orders") is None
    known.define("orders", "d")
    assert known.definition("orders") == "d"
    first, second = ({p: entry(p, sequence=1)} for p in ("a", "b"))
    assert known.note("orders", "table", {"2024": [Issue("a", first, 1)]})
    real, raced = ledger.Ledger._note, []

    class Racing:
        def __init__(self, files):
            self.files = files

        def __getattr__(self, name):
            return getattr(self.files, name)

        def write_if(self, *arguments):
            if not raced:
                raced.append(1)
                real(known, known.place("orders", "2024"), "table", [Issue("b", second, 1)])
            return self.files.write_if(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        files = ledger.files
        patch.setattr(ledger, "files", lambda place: Racing(files(place)))
        assert known.note("orders", "table", {"2024": [Issue("c", {"c": entry("c", sequence=2)}, 2)]})
    found = dict(known.entries("orders", "2024"))
    assert sorted(found) == ["a", "b", "c"]
    assert not known.note("orders", "table", {"2024": [Issue("c", {"c": entry("c", sequence=2)}, 2)]})
    assert known.note("orders", "another table", {"2024": [Issue("d", {"d": entry("d", sequence=1)}, 1)]})
    assert sorted(dict(known.entries("orders", "2024"))) == ["d"]


def test_a_late_note_brings_back_nothing_that_was_made_anew(output):
    """The table is rid of what another run had put there before; that run notes it afterwards, in any shard. So the
    files are planned again.
    """
    known = ledger.Ledger(output)
    known.define("orders", "d")
    known.note("orders", "table", {"2024": [Issue("a", {"a": entry("a", sequence=1)}, 1)]})
    known.note("orders", "table", {"2024": [Issue("a", {"a": entry("a", sequence=3)}, 3)]}, 3)
    for shard in ("2024", "2025"):
        late = Issue("b", {"b": entry("b", sequence=2)}, 2)
        assert not known.note("orders", "table", {shard: [late]})
        assert sorted(dict(known.entries("orders", shard))) == (["a"] if shard == "2024" else [])
    assert known.note("orders", "table", {"2025": [Issue("c", {"c": entry("c", sequence=4)}, 4)]})
    assert [*dict(known.entries("orders", "2025"))] == ["c"]
    known.define("orders", "other")
    assert not known.note("orders", "table", {"2025": [Issue("b", {"b": entry("b", sequence=2)}, 2)]})
    assert known.definition("orders") == "other"


def test_a_note_that_is_made_while_the_table_is_made_anew(output, monkeypatch):
    """The note lands in a shard of which the other run knew nothing, and is taken back."""
    known = ledger.Ledger(output)
    known.define("orders", "d")
    known.note("orders", "table", {"2024": [Issue("a", {"a": entry("a", sequence=1)}, 1)]})
    real = ledger.Ledger._note

    def note(self, place, *more):
        if place.endswith("2025.json"):
            monkeypatch.undo()
            self.note("orders", "table", {"2024": [Issue("a", {"a": entry("a", sequence=3)}, 3)]}, 3)
            return real(self, place, "table", [Issue("b", {"b": entry("b", sequence=2)}, 2)])
        return real(self, place, *more)

    monkeypatch.setattr(ledger.Ledger, "_note", note)
    known.note("orders", "table", {"2025": [Issue("b", {"b": entry("b", sequence=2)}, 2)]})
    assert dict(known.entries("orders", "2025")) == {}


def test_files_of_a_table_that_was_dropped_are_forgotten(output):
    """In every shard: the new table has none of their rows."""
    known = ledger.Ledger(output)
    known.define("orders", "d")
    for shard in ("2023", "2024"):
        known.note("orders", "table", {shard: [Issue(shard, {shard: entry(shard, sequence=5)}, 5)]})
    known.note("orders", "new table", {"2025": [Issue("c", {"c": entry("c", sequence=1)}, 1)]})
    found = {shard: [*dict(known.entries("orders", shard))] for shard in known.shards("orders")}
    assert found == {"2023": [], "2024": [], "2025": ["c"]}
