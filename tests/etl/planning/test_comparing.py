"""What a run loads, against a model that knows nothing of plans: it looks at files and remembers what a table has."""

import random
from collections import defaultdict

import pytest
from randomness import SEED, times

from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.planning import comparing, report, selection, units
from data_pipeline.etl.planning.selection import Selection
from data_pipeline.etl.state.entries import Entry, Issue, merged
from data_pipeline.etl.state.ledger import shard
from data_pipeline.etl.storage.objects import Stored

PATTERN = "orders/{region:north|south}/{year}/{month:02}/part-*.csv"


def dataset(**more) -> Dataset:
    fields = {
        "name": "orders",
        "patterns": (PATTERN,),
        "format": Format("csv"),
        "columns": (Column("id", "long"),),
    }
    return Dataset(**{**fields, **more})


def definitions(*datasets: Dataset) -> Definitions:
    return Definitions({each.name: each for each in datasets})


class Memory:
    """A ledger in memory, and the table that its plans make: unit → path → ETag."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.files: dict[tuple[str, str], dict[str, Entry]] = defaultdict(dict)
        self.table: dict[str, dict[str, str]] = {}
        self.commits = 0

    def definition(self, name: str) -> str | None:
        return self.held.get(name)

    def shards(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(shard for known, shard in self.files if known == name))

    def entries(self, name: str, shard: str):
        yield from self.files[name, shard].items()

    def load(self, plan, known: Definitions) -> None:
        """Do what ``plan`` says, as a run without faults does."""
        self.commits += 1
        if plan.rebuilt:
            self.table = {}
            self.files = defaultdict(dict)
        for unit in plan.units:
            if unit.files:
                self.table[unit.key] = {file.path: file.etag for file in unit.files}
            else:
                self.table.pop(unit.key, None)
            owner = known.datasets[unit.dataset]
            entries = {
                file.path: Entry(
                    file.etag,
                    file.size,
                    file.period,
                    file.parts,
                    unit.key,
                    "",
                    "",
                    "",
                    "",
                    0,
                    0,
                    0,
                    self.commits,
                )
                for file in unit.files
            }
            periods = {file.period for file in unit.files} or {
                entry.period
                for each in self.files.values()
                for path, entry in each.items()
                if path in unit.removed
            }
            for where in {shard(owner, period) for period in periods}:
                found, _ = merged(
                    self.files[unit.dataset, where].items(), {}, [Issue(unit.key, entries, self.commits)]
                )
                self.files[unit.dataset, where] = found
        for each in known.datasets.values():
            if each.name not in (plan.held or {}):
                self.held[each.name] = each.definition

    @property
    def rows(self) -> dict[str, str]:
        """Path → ETag of whatever the table has rows of; each path once."""
        found: dict[str, str] = {}
        for files in self.table.values():
            assert not found.keys() & files.keys()
            found.update(files)
        return found


def listed(files: dict[str, str]) -> list[Stored]:
    return [Stored(f"s3://in/{path}", path, 10, etag) for path, etag in sorted(files.items())]


def modelled(before: dict[str, str], now: dict[str, str], replaces: str, prune: bool) -> dict[str, str]:
    """What a table has that had ``before``, once all of ``now`` is looked at."""
    match = patterns.parse(PATTERN).match

    def grouped(files: dict[str, str]) -> dict[tuple[str, ...], dict[str, str]]:
        found: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
        for path, etag in files.items():
            region, period = match(path).parts["region"], match(path).period
            key = {"file": (path,), "period": (region, period), "all": (region,)}[replaces]
            found[key][path] = etag
        return found

    was, has, after = grouped(before), grouped(now), {}
    for key in was.keys() | has.keys():
        old, new = was.get(key, {}), has.get(key, {})
        if replaces == "all":
            newest = max((match(path).period for path in new), default="")
            new = {path: etag for path, etag in new.items() if match(path).period == newest}
            period = max((match(path).period for path in old), default="")
            if newest < period and not (prune and old.keys() - now.keys()):
                new = old
        if not new:
            new = {} if prune else old
        issued = any(old.get(path) != etag for path, etag in new.items())
        lost = old.keys() - now.keys()
        after.update(new if issued or (prune and lost) else old)
    return after


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("plans")))
def test_plans_make_what_a_model_makes(attempt):
    """Files come, change and go in random order; after each run the table has what the model has, and then nothing is
    new.
    """
    chance = random.Random(f"{SEED}-plans-{attempt}")
    one = dataset(replaces=chance.choice(["file", "period", "all"]))
    known, memory, files, expected = definitions(one), Memory(), {}, {}
    for version in range(chance.randrange(3, 12)):
        for _ in range(chance.randrange(6)):
            region, month = chance.choice(["north", "north", "south"]), chance.randrange(11, 13)
            path = f"orders/{region}/{chance.choice([2023, 2024])}/{month}/part-{chance.randrange(3)}.csv"
            if chance.random() < 0.4:
                files.pop(path, None)
            else:
                files[path] = f"v{version}"
        prune = chance.random() < 0.4
        chosen = Selection(prune=prune, again=chance.random() < 0.2)
        found = comparing.compare(listed(files), known, memory, chosen)
        memory.load(found.plan, known)
        expected = modelled(expected, files, one.replaces, prune)
        assert memory.rows == expected
        again = comparing.compare(listed(files), known, memory, Selection(prune=prune))
        assert again.plan.units == ()
        assert set(again.gone) == (expected.keys() - files.keys())
    files = {path: etag for path, etag in files.items() if chance.random() < 0.8}
    rebuilt = comparing.compare(
        listed(files), known, memory, Selection(rebuild=frozenset({"orders"}), prune=True)
    )
    memory.load(rebuilt.plan, known)
    assert memory.rows == modelled({}, files, one.replaces, True)


def test_a_file_that_two_data_sets_claim_is_an_error():
    """With both names."""
    other = dataset(name="all_orders", patterns=("orders/{region}/{year}/{month}/*.csv",))
    with pytest.raises(JobError, match="both orders and all_orders claim"):
        comparing.compare(
            listed({"orders/north/2024/01/part-1.csv": "a"}),
            definitions(dataset(), other),
            Memory(),
            Selection(),
        )


def test_what_nobody_claims_is_counted_and_named_with_the_nearest_pattern():
    """The first three by name; the others by their number."""
    files = {f"unaltered/orders/north/2024/01/part-{n}.csv": "a" for n in range(5)}
    found = comparing.compare(listed(files), definitions(dataset()), Memory(), Selection())
    assert found.plan.unclaimed == 5
    assert len(found.unclaimed) == 4
    assert PATTERN in found.unclaimed[0]
    assert "2 more files" in found.unclaimed[3]


@pytest.mark.parametrize("replaces", ["file", "period", "all"])
def test_a_period_waits_for_its_marker(replaces):
    """Nothing of it is loaded before, and again when it is changed without one; the marker itself is no stranger."""
    one, memory = dataset(replaces=replaces, complete="_SUCCESS"), Memory()
    known = definitions(one)
    folder = "orders/north/2024/01"
    files = {f"{folder}/part-1.csv": "a", f"{folder}/part-2.csv": "a"}
    found = comparing.compare(listed(files), known, memory, Selection())
    assert (found.plan.units, found.waiting) == (
        (),
        ("orders 2024-01 region=north: waits for orders/north/2024/01/_SUCCESS with its 2 files",),
    )
    complete = {**files, f"{folder}/_SUCCESS": ""}
    found = comparing.compare(listed(complete), known, memory, Selection())
    memory.load(found.plan, known)
    assert memory.rows == files
    assert (found.waiting, found.unclaimed) == ((), ())
    again = {**files, f"{folder}/part-1.csv": "b"}
    found = comparing.compare(listed(again), known, memory, Selection())
    assert (found.plan.units, len(found.waiting)) == ((), 1)
    with pytest.raises(JobError, match="lacks _SUCCESS"):
        comparing.compare(listed(again), known, memory, Selection(rebuild=frozenset({"orders"})))


def test_the_newest_complete_period_is_the_table():
    """A newer one without its marker is named and waits."""
    one, memory = dataset(replaces="all", complete="_SUCCESS"), Memory()
    files = {"orders/north/2024/01/part-1.csv": "a", "orders/north/2024/01/_SUCCESS": ""}
    newer = {**files, "orders/north/2024/02/part-1.csv": "b"}
    found = comparing.compare(listed(newer), definitions(one), memory, Selection())
    memory.load(found.plan, definitions(one))
    assert memory.rows == {"orders/north/2024/01/part-1.csv": "a"}
    assert found.waiting == (
        "orders 2024-02 region=north: waits for orders/north/2024/02/_SUCCESS with its 1 file",
    )


def test_a_changed_definition_is_a_question():
    """Held with files and bytes until it is answered; either answer lets it through, once."""
    memory, files = Memory(), {f"orders/north/2024/01/part-{n}.csv": "a" for n in range(3)}
    memory.load(
        comparing.compare(listed(files), definitions(dataset()), memory, Selection()).plan,
        definitions(dataset()),
    )
    changed = definitions(dataset(columns=(Column("id", "string"),)))
    files["orders/north/2024/02/part-1.csv"] = "b"
    found = comparing.compare(listed(files), changed, memory, Selection())
    assert found.plan.units == ()
    assert "3 files (30 bytes)" in found.plan.held["orders"]
    assert "--rebuild orders" in found.plan.held["orders"]
    assert "--from-now-on orders" in found.plan.held["orders"]
    rebuilt = comparing.compare(listed(files), changed, memory, Selection(rebuild=frozenset({"orders"}))).plan
    assert (len(rebuilt.units), rebuilt.rebuilt, rebuilt.held) == (4, ("orders",), {})
    adopted = comparing.compare(
        listed(files), changed, memory, Selection(from_now_on=frozenset({"orders"}))
    ).plan
    assert (len(adopted.units), adopted.adopted, adopted.held) == (1, ("orders",), {})


def test_other_units_are_a_question_with_one_answer():
    """Files that are parts of other units now can only be loaded again, whether a new definition holds or not."""
    memory, files = Memory(), {f"orders/north/2024/01/part-{n}.csv": "a" for n in range(3)}
    known = definitions(dataset())
    memory.load(comparing.compare(listed(files), known, memory, Selection()).plan, known)
    changed = definitions(dataset(replaces="period"))
    for answer in (Selection(), Selection(from_now_on=frozenset({"orders"}))):
        found = comparing.compare(listed(files), changed, memory, answer)
        assert (found.plan.units, found.moved) == ((), ("orders",))
        assert "--rebuild orders" in found.plan.held["orders"]
        assert "--from-now-on" not in found.plan.held["orders"]
        assert report.decision_of(found, answer, "r", "plan.json")["moved"] == ["orders"]
    rebuilt = comparing.compare(listed(files), changed, memory, Selection(rebuild=frozenset({"orders"})))
    assert (len(rebuilt.plan.units), rebuilt.moved, rebuilt.plan.held) == (1, (), {})


def test_a_rebuild_does_not_lose_rows_that_nothing_can_give_back():
    """Files that have gone from the input stop it, unless the run prunes."""
    memory, files = Memory(), {f"orders/north/2024/01/part-{n}.csv": "a" for n in range(3)}
    known = definitions(dataset())
    memory.load(comparing.compare(listed(files), known, memory, Selection()).plan, known)
    files.popitem()
    with pytest.raises(JobError, match="1 of its files have gone"):
        comparing.compare(listed(files), known, memory, Selection(rebuild=frozenset({"orders"})))


def test_other_units_than_before_need_a_rebuild():
    """A pattern with another named part would leave rows of the old units beside the new ones."""
    memory, files = Memory(), {"orders/north/2024/01/part-1.csv": "a"}
    known = definitions(dataset(patterns=("orders/north/{year}/{month}/*.csv",)))
    memory.load(comparing.compare(listed(files), known, memory, Selection()).plan, known)
    found = comparing.compare(listed(files), definitions(dataset()), memory, Selection())
    assert "--rebuild orders" in found.plan.held["orders"]


@pytest.mark.parametrize("replaces", ["file", "period", "all"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, ""),
        ({"periods": "2024-01"}, ""),
        ({"parts": ["region=north"], "datasets": "orders"}, ""),
        ({"periods": "2031"}, "--periods 2031"),
        ({"periods": "2031-01..2031-02"}, "--periods 2031-01..2031-02"),
        ({"parts": ["region=south"]}, "--part region=south"),
        ({"datasets": "weather"}, "--dataset weather"),
        ({"datasets": "orders", "periods": "2031"}, "--dataset orders --periods 2031"),
    ],
    ids=str,
)
def test_a_run_that_is_narrowed_to_nothing_says_so(replaces, options, said):
    """Whatever is loaded already; not one that looks at files which are as they were, have gone, wait or are held."""
    weather = dataset(name="weather", patterns=("weather/{year}.csv",))
    known, memory = definitions(dataset(replaces=replaces, complete="_SUCCESS"), weather), Memory()
    files = dict.fromkeys(
        [
            "orders/north/2024/01/part-1.csv",
            "orders/north/2024/01/_SUCCESS",
            "orders/north/2024/02/part-1.csv",
        ],
        "a",
    )
    chosen = selection.spelt(known, **options)
    changed = definitions(dataset(replaces=replaces, columns=(Column("id", "string"),)), weather)
    for now, of in ((files, known), (files, known), ({}, known), (files, changed)):
        found = comparing.compare(listed(now), of, memory, chosen)
        memory.load(comparing.compare(listed(now), known, memory, Selection()).plan, known)
        decided = report.decision_of(found, chosen, "r", "plan.json")
        words = f"no file of the data sets matches {said}, so nothing was looked at"
        if said:
            assert not decided["proceed"]
            assert words in (decided["messages"] if decided["held"] else [decided["reason"]])
        else:
            assert "no file of" not in decided["reason"] + "".join(decided["messages"])
    assert memory.rows
    waits = comparing.compare(listed(files), known, memory, selection.spelt(known, periods="2024-02"))
    assert waits.matched
    ready = report.decision_of(found, chosen, "r", "plan.json", outdated=["totals"])
    assert ready["proceed"]
    assert (words in ready["messages"]) is bool(said)


@pytest.mark.parametrize("replaces", ["file", "period"])
def test_a_selection_leaves_the_rest_alone(replaces):
    """By part and by periods, which may be coarser or finer than those of the files."""
    known, memory = definitions(dataset(replaces=replaces)), Memory()
    paths = [
        f"orders/{r}/{y}/{m}/part-1.csv" for r in ("north", "south") for y in (2023, 2024) for m in (10, 11)
    ]
    chosen = selection.spelt(known, parts=["region=north"], periods="2023-11..2024")
    found = comparing.compare(listed(dict.fromkeys(paths, "a")), known, memory, chosen)
    wanted = [f"orders/north/{month}/part-1.csv" for month in ("2023/11", "2024/10", "2024/11")]
    assert [file.path for unit in found.plan.units for file in unit.files] == wanted
    memory.load(found.plan, known)
    pruned = selection.spelt(known, parts=["region=north"], periods="2024-10-05..2024-10-07", prune=True)
    found = comparing.compare([], known, memory, pruned)
    assert [unit.removed for unit in found.plan.units] == [("orders/north/2024/10/part-1.csv",)]


@pytest.mark.parametrize("replaces", ["file", "period"])
def test_a_narrowed_prune_leaves_other_data_sets_as_they_are(replaces):
    """Although their files have gone as well."""
    weather = dataset(name="weather", patterns=("weather/{year}.csv",), replaces=replaces)
    known, memory = definitions(dataset(replaces=replaces), weather), Memory()
    files = ["orders/north/2024/01/part-1.csv", "weather/2024.csv"]
    memory.load(comparing.compare(listed(dict.fromkeys(files, "a")), known, memory, Selection()).plan, known)
    found = comparing.compare([], known, memory, selection.spelt(known, "weather", prune=True))
    assert [(unit.dataset, unit.removed) for unit in found.plan.units] == [("weather", ("weather/2024.csv",))]
    assert (found.gone, found.counts.deleted) == (("weather/2024.csv",), 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"datasets": "order"}, "did you mean orders"),
        ({"rebuild": "ordres"}, "did you mean orders"),
        ({"parts": ["region"]}, "NAME=VALUE"),
        ({"parts": ["area=x"]}, "named part of the data sets: region"),
        ({"periods": "2024-13"}, "--periods 2024-13"),
        ({"periods": "2024-02..2024-01"}, "before the first"),
        ({"rebuild": "orders", "from_now_on": "orders"}, "two answers"),
        ({"rebuild": "orders", "periods": "2024"}, "all of its files"),
        ({"rebuild": "orders", "parts": ["region=north"]}, "all of its files"),
        ({"datasets": "stations", "periods": "2024"}, "have no period"),
    ],
)
def test_a_selection_that_the_definitions_do_not_have_is_refused(options, message):
    """With what they have."""
    known = definitions(dataset(), dataset(name="stations", patterns=("stations.csv",)))
    with pytest.raises(JobError, match=message):
        selection.spelt(known, **options)


def test_the_key_of_a_unit_is_a_short_hash():
    """Of data set, parts, and path or period: the same for ever, since tables hold it."""
    one, parts = dataset(), {"region": "north"}
    assert units.key(one, "a.csv", "2024-01", parts) == "673cfcd103b27ac2"
    assert units.key(dataset(replaces="period"), "a.csv", "2024-01", parts) != units.key(
        one, "a.csv", "2024-01", parts
    )
    whole = dataset(replaces="all")
    assert units.key(whole, "a.csv", "2024-01", parts) == units.key(whole, "b.csv", "2024-02", parts)
