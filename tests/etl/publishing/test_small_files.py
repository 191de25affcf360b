"""Tables to which each run adds a little have few files, and none is written again each time."""

from types import SimpleNamespace

from pyiceberg.typedef import Record

from data_pipeline.etl.publishing.small_files import AT_ONCE_BYTES, MOST, SMALL_BYTES, crowded

TABLE = SimpleNamespace(spec=lambda: SimpleNamespace(spec_id=1))


def file(name: str, partition: str = "a", size: int = 1, spec: int = 1):
    return SimpleNamespace(file_path=name, partition=Record(partition), file_size_in_bytes=size, spec_id=spec)


def test_many_small_ones_of_a_partition():
    many = [file(f"a{n}") for n in range(MOST)]
    few = [file(f"b{n}", "b") for n in range(MOST - 2)]
    large, older = file("large", size=SMALL_BYTES), file("older", spec=0)
    assert crowded(TABLE, [*many, *few, large, older], [], {("a",)}) == many
    assert crowded(TABLE, many, many[:1], {("a",)}) == []


def test_not_all_at_once():
    size = SMALL_BYTES - 1
    groups = AT_ONCE_BYTES // (size * MOST)
    every = [file(f"{p}-{n}", str(p), size) for p in range(groups + 3) for n in range(MOST)]
    taken = crowded(TABLE, every, [], set())
    assert len(taken) == AT_ONCE_BYTES // size
    assert {str(each.partition) for each in taken} <= {str(Record(str(p))) for p in range(groups + 1)}


def test_a_partition_of_more_than_that_is_put_together_bit_by_bit():
    """Its smallest files first, and never one alone."""
    sizes = [SMALL_BYTES - 1 - n for n in range(30)]
    room = AT_ONCE_BYTES // SMALL_BYTES
    taken = crowded(TABLE, [file(str(size), size=size) for size in sizes], [], set())
    assert [each.file_size_in_bytes for each in taken] == sorted(sizes)[:room]
    assert crowded(TABLE, [file("0", size=SMALL_BYTES - 1)], [], set()) == []


def test_files_stay_few():
    """A file a day: what is put together counts as one."""
    sizes: list[int] = []
    written = 0
    for _ in range(1000):
        every = [file(str(n), size=size) for n, size in enumerate(sizes)]
        together = crowded(TABLE, every, [], {("a",)})
        written += sum(each.file_size_in_bytes for each in together)
        gone = {int(each.file_path) for each in together}
        sizes = [size for n, size in enumerate(sizes) if n not in gone]
        sizes += [sum(each.file_size_in_bytes for each in together)] if together else []
        sizes.append(1 << 20)
        assert len(sizes) <= MOST + 1000 * (1 << 20) // SMALL_BYTES
    assert written <= 10 * 1000 * (1 << 20)


def test_months_that_are_over_have_one_each():
    """A file a day in a partition for each month."""
    counts: dict[str, int] = {}
    written = 0
    for day in range(36 * 30):
        month = str(day // 30)
        written += grow(counts, {month})
        assert sum(counts.values()) <= len(counts) + MOST
    assert written <= 2 * 36 * 30


def test_partitions_that_each_run_adds_to_are_not_written_again_each_time():
    """Rows of all of fifty partitions each day, of which each gets a small file."""
    partitions = {str(n) for n in range(50)}
    counts: dict[str, int] = {}
    written = sum(grow(counts, partitions) for _ in range(1000))
    assert max(counts.values()) <= MOST
    assert written <= 2 * 1000 * len(partitions)


def grow(counts: dict[str, int], growing: set[str]) -> int:
    """Put together, and give each partition in ``growing`` a file; how many files were put together."""
    every = [(name, n) for name, count in counts.items() for n in range(count)]
    files = [file(f"{name}-{n}", name) for name, n in every]
    together = crowded(TABLE, files, [], {(name,) for name in growing})
    for name in {each.partition[0] for each in together}:
        counts[name] = 1
    for name in growing:
        counts[name] = counts.get(name, 0) + 1
    return len(together)


def test_many_partitions_may_have_more():
    """To each run's rows belong some of a hundred partitions: they are not all written again each time."""
    two = [file(f"{p}-{n}", str(p)) for p in range(10) for n in range(2)]
    one = [file(str(p), str(p)) for p in range(10, 100)]
    assert crowded(TABLE, [*two, *one], [], set()) == []
    assert crowded(TABLE, [*two, *one, file("a", "50"), file("b", "51")], [], set()) == two[:4]
    assert crowded(TABLE, [*two, *one, file("a", "50"), file("b", "51")], [], {("0",)}) == two[2:6]
