"""`run --source`: which files are stored, and what is said when they cannot be."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import EndpointConnectionError
from cli.deployed import BUCKET, SUMMARY, SUMMARY_KEY, Deployed, publishing
from paths import ROOT

from data_pipeline.aws import source
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.cli.main import status_of
from data_pipeline.cli.running import upload as uploads
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from data_pipeline.core.uploads import Claims, SourceFile
from data_pipeline.etl.documents import patterns

CHANGES = {"shorter": -1, "longer": 1}
NAME = "green_tripdata_2019-01.csv"


def run(directory: Path, *options: str) -> int:
    return status_of("run", ["local", "--no-wait", "--source", str(directory), *options], "run")


@pytest.fixture
def ready(deployed: Deployed) -> Deployed:
    """A deployed machine with an empty input."""
    deployed.deploy(publishing())
    deployed.put(SUMMARY_KEY, json.dumps(SUMMARY))
    return deployed


@pytest.fixture
def trips(tmp_path: Path) -> Path:
    """A directory with two trip files, and things that are none."""
    directory = tmp_path / "trips"
    (directory / "older").mkdir(parents=True)
    (directory / "older" / "green_tripdata_2018-01.csv").write_text("not asked for")
    (directory / NAME).write_text("a,b\n")
    (directory / "fhv_tripdata_2015-01.parquet").write_bytes(b"PAR1" * 3)
    (directory / "truth.csv").write_text("not a trip file")
    (directory / "._green_tripdata_2019-01.csv").write_text("left by a copy program")
    return directory


def test_the_trip_files_of_the_directory_are_stored(
    ready: Deployed, trips: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By path under the input prefix; nothing else is, and it is named with the nearest pattern."""
    assert run(trips) == 0
    assert set(ready.keys()) == {SUMMARY_KEY, f"input/{NAME}", "input/fhv_tripdata_2015-01.parquet"}
    body = ready.client("s3").get_object(Bucket=BUCKET, Key=f"input/{NAME}")
    assert body["Body"].read() == b"a,b\n"
    assert body["Metadata"] == {"sha256": hashlib.sha256(b"a,b\n").hexdigest()}
    err = capfd.readouterr().err
    assert f"uploading 2 files, 16 bytes, to\n  s3://{BUCKET}/input/\n" in err
    assert f"{trips}: 2 files that no data set claims, not uploaded:\n" in err
    assert "  older/green_tripdata_2018-01.csv (nearest: {dataset:yellow|green|fhv|fhvhv}_tripdata_" in err


def test_only_what_changed_is_stored_again(
    ready: Deployed, trips: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A second time nothing; then the file whose content changed, also when its size did not."""
    assert run(trips) == 0
    before = times(ready)
    capfd.readouterr()
    assert run(trips) == 0
    assert "2 files of" in (err := capfd.readouterr().err)
    assert f"all there already, in\n  s3://{BUCKET}/input/\n" in err
    assert times(ready) == before
    (trips / NAME).write_text("a,c\n")
    assert run(trips) == 0
    assert f"uploading 1 file, 4 bytes; 1 unchanged, to\n  s3://{BUCKET}/input/\n" in capfd.readouterr().err
    assert ready.client("s3").get_object(Bucket=BUCKET, Key=f"input/{NAME}")["Body"].read() == b"a,c\n"


def test_objects_that_others_stored_are_recognised(ready: Deployed, tmp_path: Path) -> None:
    """An MD5 ETag is enough to leave a file alone; a multipart ETag tells nothing: it is stored again."""
    content = os.urandom(6 * 1024 * 1024)
    path = tmp_path / NAME
    path.write_bytes(content)
    file = SourceFile(NAME, path, len(content))
    s3 = ready.client("s3")
    s3.put_object(Bucket=BUCKET, Key="single", Body=content)
    assert source.is_stored(s3, file, BUCKET, "single")
    five = 5 * 1024 * 1024
    s3.upload_file(str(path), BUCKET, "parts", Config=TransferConfig(five, multipart_chunksize=five))
    assert "-" in s3.head_object(Bucket=BUCKET, Key="parts")["ETag"]
    assert not source.is_stored(s3, file, BUCKET, "parts")


def test_a_large_file_goes_in_parts_and_is_recognised(ready: Deployed, tmp_path: Path) -> None:
    """The digest in the metadata tells an unchanged multipart object; every byte is reported as sent."""
    content = os.urandom(20 * 1024 * 1024)
    path = tmp_path / NAME
    path.write_bytes(content)
    file = SourceFile(NAME, path, len(content))
    sent: list[int] = []
    s3 = ready.client("s3")
    source.upload(s3, file, BUCKET, f"input/{NAME}", sent.append)
    assert sum(sent) == len(content)
    head = s3.head_object(Bucket=BUCKET, Key=f"input/{NAME}")
    assert head["ETag"].endswith('-3"')
    assert s3.get_object(Bucket=BUCKET, Key=f"input/{NAME}")["Body"].read() == content
    assert source.is_stored(s3, file, BUCKET, f"input/{NAME}")


@pytest.mark.parametrize("size", [1_000, 20 * 1024 * 1024])
@pytest.mark.parametrize("change", ["shorter", "longer", "other"])
def test_a_file_that_changes_on_its_way_is_not_stored(
    ready: Deployed, tmp_path: Path, size: int, change: str
) -> None:
    """In one piece and in parts: a UserError, what was stored stays, and no part of an upload is left."""
    path = tmp_path / NAME
    path.write_bytes(b"x" * size)
    file = SourceFile(NAME, path, size)
    ready.put(f"input/{NAME}", "before")
    s3 = ready.client("s3")

    class Changing:
        """The client, whose upload begins when somebody else has just written to the file."""

        def upload_fileobj(self, *args: Any, **kwargs: Any) -> None:
            path.write_bytes(b"y" * size if change == "other" else b"x" * (size + CHANGES[change]))
            s3.upload_fileobj(*args, **kwargs)

    with pytest.raises(UserError, match="changed while it was uploaded; it was not stored"):
        source.upload(Changing(), file, BUCKET, f"input/{NAME}", lambda _: None)  # type: ignore[arg-type]
    assert s3.get_object(Bucket=BUCKET, Key=f"input/{NAME}")["Body"].read() == b"before"
    assert s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def nothing(_: Path) -> None:
    """No directory at all."""


def hidden(directory: Path) -> None:
    (directory / ".git").mkdir(parents=True)
    (directory / ".git" / "a.csv").touch()
    (directory / ".a.csv").touch()


def dangling(directory: Path) -> None:
    directory.mkdir()
    (directory / NAME).symlink_to("gone.csv")


def fifo(directory: Path) -> None:
    directory.mkdir()
    os.mkfifo(directory / NAME)


EXPECTED = "; expected a directory of files"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (nothing, "--source {d}: does not exist" + EXPECTED),
        (Path.touch, "--source {d}: is not a directory" + EXPECTED),
        (Path.mkdir, "--source {d}: holds no file" + EXPECTED),
        (hidden, "--source {d}: holds no file" + EXPECTED),
        (dangling, "{d}/green_tripdata_2019-01.csv: is a link to gone.csv, which does not exist."),
        (fifo, "{d}/green_tripdata_2019-01.csv: is not a regular file."),
    ],
)
def test_directories_that_cannot_be_a_source(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    """Each says what was found and what is expected, of a project without data sets."""
    directory = tmp_path / "d"
    make(directory)
    with pytest.raises(UserError) as error:
        uploads.every_file(directory)
    assert str(error.value) == message.format(d=directory)


def test_a_directory_that_is_no_source_starts_nothing(
    ready: Deployed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command ends before it looks at the input, with the patterns of the configuration."""
    assert run(tmp_path / "none") == 1
    expected = (
        "does not exist; expected a directory of files like: {dataset:yellow|green|fhv|fhvhv}_tripdata_"
    )
    assert expected in capfd.readouterr().err
    assert ready.executions() == []


def test_a_link_to_a_file_is_followed(ready: Deployed, tmp_path: Path) -> None:
    """Large collections are often directories of links."""
    (tmp_path / "real").write_text("a,b\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / NAME).symlink_to(tmp_path / "real")
    assert run(tmp_path / "d") == 0
    assert f"input/{NAME}" in set(ready.keys())


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """Found before anything is uploaded."""
    (tmp_path / NAME).write_text("a")
    (tmp_path / NAME).chmod(0)
    with pytest.raises(UserError, match="cannot be read \\(Permission denied\\)"):
        uploads.every_file(tmp_path)


def test_large_uploads_want_a_yes(ready: Deployed, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Above 1 GB and without a terminal nothing is uploaded, and the option is named."""
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(1_000_000_001)  # a hole: no disk is used
    assert run(tmp_path) == 1
    err = capfd.readouterr().err
    assert f"uploading 1 file, 1.0 GB, to\n  s3://{BUCKET}/input/\n" in err
    assert "--yes" in err
    assert set(ready.keys()) == {SUMMARY_KEY}
    assert ready.executions() == []


def test_a_failure_midway_keeps_what_is_there_and_says_so(
    ready: Deployed, trips: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The second file is refused by S3: the first one stays, and the same command goes on from there."""
    connection = connection_to(ready)

    def interrupt(params: dict[str, Any], **_: Any) -> None:
        if params["Key"].endswith(NAME):
            raise EndpointConnectionError(endpoint_url="https://s3.us-east-1.amazonaws.com")

    connection.client("s3").meta.events.register("provide-client-params.s3.PutObject", interrupt)
    with pytest.raises(UserError) as error:
        uploads.upload_source(connection, trips, found(trips), f"s3://{BUCKET}/input/", yes=False)
    assert "AWS cannot be reached" in str(error.value)
    assert "1 of 2 files uploaded; they stay. No run was started. Run the same command again" in str(
        error.value
    )
    assert set(ready.keys()) == {SUMMARY_KEY, "input/fhv_tripdata_2015-01.parquet"}
    again = uploads.upload_source(
        connection_to(ready), trips, found(trips), f"s3://{BUCKET}/input/", yes=False
    )
    assert (again.files, again.unchanged, again.bytes) == ((NAME,), 1, 4)


def found(trips: Path) -> uploads.Found:
    return uploads.files_of(trips, load_environment(ROOT, "local"))


def test_without_data_sets_every_file_is_stored(trips: Path) -> None:
    """With its folders, by path; hidden ones are passed over."""
    assert [file.name for file in uploads.every_file(trips).files] == [
        "fhv_tripdata_2015-01.parquet",
        NAME,
        "truth.csv",
        "older/green_tripdata_2018-01.csv",
    ]


CLAIMS = Claims(
    {
        "orders": (patterns.parse("orders/{country}/{year}-{month}-{day}.csv"),),
        "bases": (patterns.parse("bases.csv"),),
    },
    frozenset({"_SUCCESS"}),
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A directory as somebody has it: folders, a copy of them that nobody asked for, and other files."""
    directory = tmp_path / "shop"
    for name in (
        "orders/de/2024-01-31.csv",
        "orders/de/_SUCCESS",
        "orders/fr/2024-2-1.csv",
        "bases.csv",
        "unaltered/bases.csv",
        "unaltered/orders/de/2024-01-31.csv",
        "orders/de/2024-01-31.csv.part",
        "orders/.hidden/2024-01-31.csv",
        "orders/de/.2024-01-30.csv.swp",
        "notes.txt",
    ):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(name)
    return directory


def test_files_that_data_sets_claim_keep_their_folders(shop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Markers come last, for they say that the rest is there; a copy in another folder is nobody's, and is named."""
    found = uploads.claimed_files(shop, CLAIMS)
    assert [(file.name, file.path.read_text()) for file in found.files] == [
        (name, name)
        for name in ("bases.csv", "orders/de/2024-01-31.csv", "orders/fr/2024-2-1.csv", "orders/de/_SUCCESS")
    ]
    assert found.unclaimed == (
        "notes.txt",
        "orders/de/2024-01-31.csv.part",
        "unaltered/bases.csv",
        "unaltered/orders/de/2024-01-31.csv",
    )
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == f"{shop}: 4 files that no data set claims, not uploaded:"
    assert lines[1:] == [
        "  notes.txt",
        "  orders/de/2024-01-31.csv.part (nearest: orders/{country}/{year}-{month}-{day}.csv of orders)",
        "  unaltered/bases.csv (nearest: bases.csv of bases)",
        "  unaltered/orders/de/2024-01-31.csv (nearest: orders/{country}/{year}-{month}-{day}.csv of orders)",
    ]


def test_claimed_files_are_stored_with_their_folders(ready: Deployed, shop: Path) -> None:
    """And a second time nothing is."""
    uri = f"s3://{BUCKET}/input/"
    first = uploads.upload_source(
        connection_to(ready), shop, uploads.claimed_files(shop, CLAIMS), uri, yes=False
    )
    assert set(ready.keys()) == {SUMMARY_KEY, *(f"input/{name}" for name in first.files)}
    assert first.files[-1] == "orders/de/_SUCCESS"
    again = uploads.upload_source(
        connection_to(ready), shop, uploads.claimed_files(shop, CLAIMS), uri, yes=False
    )
    assert (again.files, again.unchanged, len(again.unclaimed)) == ((), 4, 4)


def test_a_directory_of_which_nothing_is_claimed(tmp_path: Path) -> None:
    """A marker alone is nothing either; the nearest pattern says what was probably meant."""
    expected = "expected a directory of files like: orders/{country}/{year}-{month}-{day}.csv, "
    with pytest.raises(UserError, match="holds 0 files, none that a data set claims; expected a directory"):
        uploads.claimed_files(tmp_path, CLAIMS)
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "base.csv").touch()
    with pytest.raises(UserError) as caught:
        uploads.claimed_files(tmp_path, CLAIMS)
    assert "holds 2 files, the first base.csv (nearest: bases.csv of bases), none that" in str(caught.value)
    assert expected in str(caught.value)
    with pytest.raises(UserError, match="does not exist; expected a directory of files like"):
        uploads.claimed_files(tmp_path / "none", CLAIMS)


def times(ready: Deployed) -> dict[str, Any]:
    """Key → when the object was stored."""
    listed = ready.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    return {item["Key"]: item["LastModified"] for item in listed}


def connection_to(ready: Deployed) -> Connection:
    """The command's own connection to the embedded AWS."""
    at = ready.endpoint
    environment = load_environment(ROOT, "local")
    return connect(environment, EmbeddedCredentials(at.url, at.access_key, at.secret_key))
