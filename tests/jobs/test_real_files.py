"""The real trip files, counted by the job alone and by an independent counter, agree window by window."""

import pytest
from independent_count import count_file, features


@pytest.mark.parametrize("folder", ["heads", "first100", "extracts", "parquet", "altered"])
def test_every_window_agrees_with_an_independent_count(shared_tlc, count_alone, folder):
    """X.parquet, trip_counts.parquet, summary and quarantine say what csv module and PyArrow count."""
    expected = {path.name: count_file(path) for path in sorted((shared_tlc / folder).iterdir())}
    ended = count_alone(shared_tlc / folder)
    assert ended.status == 0, ended.stderr
    assert ended.rows("X.parquet") == features(expected)
    counted = {(row["_file"], row["window_start"]): row["trips"] for row in ended.rows("trip_counts.parquet")}
    assert counted == {
        (name, start): n for name, count in expected.items() for start, n in count.windows.items()
    }
    assert len(ended.summary["files"]) == len(expected)
    for name, count in expected.items():
        entry = ended.file(name)
        assert entry["error"] is None
        assert (entry["rows_read"], entry["rows_quarantined"]) == (count.rows, len(count.refused))
        assert entry["rows_counted"] == sum(count.windows.values())
        assert entry["reasons"] == count.reasons
    refused = [(row["source"], row["row"], row["reason"]) for row in ended.quarantine()]
    assert refused == [
        (name, row, why) for name, count in expected.items() for row, why in count.refused.items()
    ]
