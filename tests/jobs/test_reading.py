"""What is counted of many files, together."""

from taxi import counting, reading, sources
from taxi.rules import Policy

from data_pipeline.etl.storage.scratch import Scratch


def test_the_counts_of_many_files_are_one_piece(tmp_path):
    """DuckDB reserves a block for each piece of an Arrow table: 20,000 files took more memory than it may have."""
    folder, quarantine = tmp_path / "in", tmp_path / "quarantine"
    folder.mkdir()
    for month in range(1, 4):
        rows = f"B1,2015-{month:02}-01 00:00:00\n"
        (folder / f"fhv_tripdata_2015-{month:02}.csv").write_text(
            f"dispatching_base_num,pickup_datetime\n{rows}"
        )
    found = sources.list_sources(str(folder)).sources
    with counting.Engine(tmp_path) as engine:
        reading.read_all(engine, found, quarantine, Policy(), Scratch(1 << 20))
        counts = engine.trip_counts
    assert [column.num_chunks for column in counts.columns] == [1] * len(counts.columns)
    assert counts["source"].to_pylist() == [source.path for source in found]
