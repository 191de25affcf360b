"""Tables to which each run adds a little have few files, and none is written again each time."""

from types import SimpleNamespace

from data_pipeline.etl.publishing.small_files import AT_ONCE_BYTES, MOST, SMALL_BYTES, crowded

TABLE = SimpleNamespace(spec=lambda: SimpleNamespace(spec_id=1))


def file(name: str, partition: str = "a", size: int = 1, spec: int = 1):
    return SimpleNamespace(file_path=name, partition=partition, file_size_in_bytes=size, spec_id=spec)


def test_many_small_ones_of_a_partition():
    many = [file(f"a{n}") for n in range(MOST)]
    few = [file(f"b{n}", "b") for n in range(MOST - 1)]
    large, older = file("large", size=SMALL_BYTES), file("older", spec=0)
    assert crowded(TABLE, [*many, *few, large, older], []) == many
    assert crowded(TABLE, many, many[:1]) == []


def test_not_all_at_once():
    size = SMALL_BYTES - 1
    groups = AT_ONCE_BYTES // (size * MOST)
    every = [file(f"{p}-{n}", str(p), size) for p in range(groups + 3) for n in range(MOST)]
    assert len(crowded(TABLE, every, [])) == groups * MOST


def test_files_stay_few():
    """A file a day: what is put together counts as one."""
    sizes: list[int] = []
    written = 0
    for _ in range(1000):
        together = crowded(TABLE, [file(str(n), size=size) for n, size in enumerate(sizes)], [])
        written += sum(each.file_size_in_bytes for each in together)
        gone = {int(each.file_path) for each in together}
        sizes = [size for n, size in enumerate(sizes) if n not in gone]
        sizes.append(sum(each.file_size_in_bytes for each in together) + (1 << 20))
        assert len(sizes) <= MOST + 1000 * (1 << 20) // SMALL_BYTES
    assert written <= 10 * 1000 * (1 << 20)


def test_months_that_are_over_have_one_each():
    """A file a day in a partition for each month."""
    counts: dict[int, int] = {}
    written = 0
    for day in range(36 * 30):
        every = [(month, n) for month, count in counts.items() for n in range(count)]
        together = crowded(TABLE, [file(f"{month}-{n}", str(month)) for month, n in every], [])
        for month in {int(each.partition) for each in together}:
            written += counts[month]
            counts[month] = 1
        counts[day // 30] = counts.get(day // 30, 0) + 1
        assert sum(counts.values()) <= len(counts) + MOST - 1
    assert written <= 2 * 36 * 30


def test_many_partitions_may_have_more():
    """To each run's rows belong some of a hundred partitions: they are not all written again each time."""
    two = [file(f"{p}-{n}", str(p)) for p in range(10) for n in range(2)]
    one = [file(str(p), str(p)) for p in range(10, 100)]
    assert crowded(TABLE, [*two, *one], []) == []
    assert crowded(TABLE, [*two, *one, file("a", "50"), file("b", "51")], []) == two[:4]
