"""`features get` and `dataset` on a published table: what they print, write and refuse."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from cli.deployed import BUCKET, Deployed, publish, publish_years

from data_pipeline.cli.main import status_of

COLUMNS = ["dataset", "window_end", "rides", "minutes", "dow", "month", "doy", "available_at", "available_by"]


def command(*words: str) -> int:
    return status_of("data_pipeline", words)


def test_get_writes_every_format(
    published: Deployed, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The same rows as Parquet, Arrow and CSV, to stdout or a file; a second run is told from the first."""
    publish("second", 2)
    assert command("features", "get", "local", "--since", "2019-01-02", "--until", "2019-01-03T00:00:00") == 0
    rows = pq.read_table(io.BytesIO(capfdbinary.readouterr().out))
    assert rows.column_names == COLUMNS
    assert len(rows) == 3 * 24
    target = tmp_path / "f.arrow"
    assert command("features", "get", "local", "--run", "first", "--format", "arrow", "-o", str(target)) == 0
    assert f"1,500 records in {target}".encode() in capfdbinary.readouterr().err
    first = pyarrow.ipc.open_stream(target.read_bytes()).read_all()
    assert command("features", "get", "local", "--group", "rides", "--format", "csv") == 0
    second = pyarrow.csv.read_csv(io.BytesIO(capfdbinary.readouterr().out))
    assert [2 * n for n in first["rides"].to_pylist()] == second["rides"].to_pylist()
    assert (
        command("features", "get", "local", "--run", "first", "--athena", "-o", str(tmp_path / "athena")) == 0
    )
    assert pq.read_table(tmp_path / "athena") == first


REFUSED = (
    (
        ("--run", "firts"),
        "has no snapshot of run 'firts': it published nothing new, or its snapshot has expired. The",
    ),
    (
        ("--snapshot", "7"),
        "has no snapshot '7': it has expired or never was. The oldest still readable is",
    ),
    (
        ("--as-of", "2019-01-01"),
        "what nyc_tlc_local.ride_counts held at 2019-01-01 00:00:00+0000 cannot be told",
    ),
    (
        ("--as-of", "gestern"),
        "'gestern': expected a day or a time, as in 2021-07-01 or 2021-07-01T06:15:00",
    ),
    (("--since", "2019-01-01T00:00Z"), "expected a time without a zone, on the table's wall clock"),
    (
        ("--group", "ride"),
        "there is no feature group 'ride': the configuration has 'rides'; did you mean 'rides'?",
    ),
    (
        ("--run", "a", "--snapshot", "7"),
        "choose one of as-of, snapshot and run: each names one state of the table",
    ),
    (("-o", "/nonexistent/x"), "/nonexistent/x cannot be written: No such file or directory"),
)


def test_get_refuses(published: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Each with a message that says what to do, exit 1, nothing on stdout."""
    for words, said in REFUSED:
        assert command("features", "get", "local", *words) == 1
        out, err = capfd.readouterr()
        assert said in err
        assert (out, "Traceback" in err) == ("", False)


def test_a_training_set_is_frozen_once_and_verified(
    published: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Created, there already, another version after a run; verified; a changed file and a missing one are found."""
    assert command("training-set", "verify", "local", "next_window") == 1
    assert (
        "has no version; make one with: python -m data_pipeline training-set create local next_window"
        in capfd.readouterr().err
    )
    said = []
    publish_years("years", 1)
    for _ in range(2):
        assert command("training-set", "create", "local", "next_window") == 0
        out, err = capfd.readouterr()
        said.append(out.splitlines())
        assert (
            "rides_104_weeks_before: 181 of 542 labels found nothing: 181 no record so early\n" in err
        )  # of two years
    version = said[0][0].split()[2]
    place = f"s3://{BUCKET}/output/datasets/next_window/{version}/"
    assert said[0][0] == f"created: version {version} in {place}"
    assert said[1][0] == f"there already: version {version} in {place}"
    assert [" ".join(line.split()[:3]) for line in said[0][1:]] == [
        "train.parquet 362 rows",
        "validation.parquet 90 rows",
        "test.parquet 90 rows",
    ]
    publish_years("second", 2)
    assert command("training-set", "create", "local", "next_window") == 0
    other = capfd.readouterr().out.split()[2]
    assert other != version
    assert command("training-set", "verify", "local", "next_window") == 0
    assert sorted(capfd.readouterr().out.splitlines()) == sorted(
        f"{each}: 542 rows, made again byte for byte" for each in (version, other)
    )
    published.put(f"output/datasets/next_window/{version}/test.parquet", "changed")
    assert command("training-set", "verify", "local", "next_window", "--version", version) == 1
    assert (
        capfd.readouterr().out
        == f"{version}: test.parquet is not what its manifest says: it has been changed\n"
    )
    assert command("training-set", "list", "local") == 0
    told = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert told[0] == ["training", "set", "version", "rows", "of"]
    assert [line[:3] for line in told[1:]] == [
        ["next_window", each, "542"] for each in sorted((version, other))
    ]
    assert command("training-set", "verify", "local", "next_window", "--version", "1") == 1
    assert "has no version '1', it has " in capfd.readouterr().err
    assert command("training-set", "create", "local", "next") == 1
    assert (
        "there is no training set 'next': the configuration has 'next_window'; did you mean"
        in capfd.readouterr().err
    )


def test_a_training_set_of_no_use_is_refused(published: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Some weeks of one year: two parts are empty, and both features null. Nothing is stored or tagged."""
    assert command("training-set", "create", "local", "next_window") == 1
    said = capfd.readouterr().err
    assert (
        "training set next_window: the part train is empty: no label is before 2019-01-01, they are of 2019-01-01 to "
        "2019-01-21; move the days of 'split'\n"
    ) in said
    assert "the part test is empty: no label is from 2020-01-01 on" in said
    assert (
        "training set next_window: the feature rides_52_weeks_before is null throughout: of 500 labels, 500 no record "
        "so early"
    ) in said
    assert command("training-set", "verify", "local", "next_window") == 1
    assert "has no version" in capfd.readouterr().err


LATEST = {"rides": 7, "minutes": 1380, "dow": 2, "month": 1, "doy": 21, "available_by": "lag"}


def test_the_newest_records_are_read_by_their_identifiers(
    published: Deployed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """From the online store, in the order asked for, with the published columns and types, whatever is missing null."""
    times = {"window_end": "2019-01-22T00:00:00Z", "available_at": "2019-05-17T00:00:00Z"}
    with published.feature_group("online") as group:
        published.write(group, dataset="green", **times, **LATEST)
        published.write(group, dataset="all", window_end="2019-01-21T23:00:00Z", rides=8)
        words = ("features", "get", "local", "--record", "green", "--record", "all", "--record", "green")
        assert command(*words, "-o", str(tmp_path / "newest")) == 0
        assert "2 records in" in capfd.readouterr().err
        assert command(*words, "--format", "csv") == 0
        assert capfd.readouterr().out.splitlines()[1] == (
            '"green",2019-01-22 00:00:00.000000,7,1380,2,1,21,2019-05-17 00:00:00.000000,"lag"'
        )
        for asked, said in (
            ("gren", "has no record of 'gren': the group has records of 'all', 'yellow', "),
            ("gren", "'fhv' or 'fhvhv', and 'gren' is none of them; did you mean 'green'?"),
            (
                "fhv",
                "of 'fhv': it was not ingested, was deleted, or is past its time to live. Run the pipeline",
            ),
        ):
            assert (
                command("features", "get", "local", "--record", "all", "--record", asked, "--format", "csv")
                == 1
            )
            out, err = capfd.readouterr()
            assert (out, said in err) == ("", True)
    green, together = pq.read_table(tmp_path / "newest").to_pylist()
    assert list(green) == COLUMNS
    assert green["window_end"] == datetime(2019, 1, 22)  # noqa: DTZ001 - a wall clock
    assert {name: green[name] for name in LATEST} == LATEST
    assert (together["dataset"], together["rides"], together["dow"], together["available_at"]) == (
        "all",
        8,
        None,
        None,
    )
    assert command("features", "get", "local", "-o", str(tmp_path / "all")) == 0
    assert pq.read_schema(tmp_path / "newest") == pq.read_schema(tmp_path / "all")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--offline",), "nyc-tlc-local-rides has no offline store here: write 'offline: true', and deploy"),
        (("--offline", "--run", "first"), "--offline has the records as they are now: leave out --run"),
        (
            ("--record", "all"),
            "nyc-tlc-local-rides has no online store here: write 'online: true', and deploy",
        ),
        (
            ("--record", "all", "--offline", "--athena", "--as-of", "2026-01-01", "--since", "2019-01-01"),
            "--record has the newest records alone: leave out --as-of and --since and --offline and --athena",
        ),
    ],
)
def test_a_store_is_refused_where_there_is_none(
    published: Deployed, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert command("features", "get", "local", *words, "--format", "csv") == 1
    assert said in capsys.readouterr().err


def test_what_is_a_view_alone_does_not_differ_from_its_table(
    published: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("features", "diff", "local") == 0
    assert capsys.readouterr().out == "rides: no differences\n"
    assert command("features", "list", "local") == 0
    assert "rides  ride_counts  -       -         mobility-data" in capsys.readouterr().out
    assert command("features", "show", "local", "ride") == 1
    assert (
        "there is no feature group 'ride': the configuration has 'rides'; did you mean 'rides'?"
        in capsys.readouterr().err
    )
