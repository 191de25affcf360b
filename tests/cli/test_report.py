"""`report` on an embedded AWS and in a folder: pages are stored, kept here, and of every run there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.deployed import BUCKET, Deployed, failing, publishing
from core.report import made
from core.report.test_page import Parsed
from paths import ROOT

from data_pipeline.cli import reporting
from data_pipeline.cli.main import status_of


@pytest.fixture(autouse=True)
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pages are kept on this machine."""
    monkeypatch.setattr(reporting, "_KEPT", tmp_path / "kept")
    monkeypatch.chdir(ROOT)
    return tmp_path / "kept" / "local"


def report(*arguments: str) -> int:
    return status_of("data-pipeline", ["report", *arguments])


def run(*options: str) -> int:
    return status_of("run", ["local", *options], "run")


def stored(deployed: Deployed, key: str) -> str:
    body: str = (
        deployed.client("s3").get_object(Bucket=BUCKET, Key=f"output/runs/{key}")["Body"].read().decode()
    )
    return body


def test_a_run_is_drawn_stored_and_listed(
    deployed: Deployed, pages: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of a failed run at its own end, of another later; the index leads to both, here and in the bucket."""
    deployed.deploy(failing("Boom", "it <b>broke</b>"))
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run("--report", "--json") == 1
    out, err = capfd.readouterr()
    failed = json.loads(out)["execution"]
    page = pages / failed / "report.html"
    assert f"report: {page}" in err
    assert stored(deployed, f"{failed}/report.html") == page.read_text()
    assert "it <b>broke</b>" in Parsed(page.read_text()).text
    assert "Load" in json.loads(stored(deployed, f"{failed}/report.json"))["machine"]["States"]
    assert report("index", "local") == 0
    out, err = capfd.readouterr()
    assert out.strip() == str(pages / "index.html")
    assert f"drawing {failed}" in err
    links = [each["href"] for each in Parsed((pages / "index.html").read_text()).all("a")]
    assert f"{failed}/report.html" in links
    assert stored(deployed, "index.html") == (pages / "index.html").read_text()
    assert report("index", "local") == 0
    assert "drawing" not in capfd.readouterr().err


@contextmanager
def acting(deployed: Deployed, name: str, policy: str, keys: Path) -> Iterator[Path]:
    """A user with this policy, for a while; the file of its credential."""
    iam = deployed.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    told = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    keys.write_text(json.dumps(told))
    try:
        yield keys
    finally:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName=name)
        iam.delete_user(UserName=name)


def test_who_may_not_write_has_pages_here(
    deployed: Deployed,
    pages: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The page and the index are kept on this machine, and it is said why not in the bucket."""
    deployed.deploy(failing("Boom", "it broke"))
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run() == 1
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/output/runs/*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with acting(deployed, "page-reader", policy, tmp_path / "keys.json") as keys:
        monkeypatch.setenv("DATA_PIPELINE_LOCAL_CREDENTIALS", str(keys))
        capfd.readouterr()
        assert report("index", "local") == 0
        out, err = capfd.readouterr()
    assert err.count("kept on this machine alone: ") == 1
    links = [each["href"] for each in Parsed(Path(out.strip()).read_text()).all("a")]
    assert all((pages / each).is_file() for each in links if each.endswith("report.html"))
    assert not [key for key in deployed.keys().items() if key[0].endswith(".html")]


def test_a_run_that_is_not_followed_has_no_end(capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is started, and it is said how to draw its page later."""
    assert run("--report", "--no-wait") == 1
    assert "report show local" in capfd.readouterr().err


def test_the_newest_run_is_shown(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """As JSON, with its states; and what there is to say where there is none yet."""
    deployed.deploy(publishing())
    assert report("show", "local") == 1
    assert "found no run" in capfd.readouterr().err
    deployed.put("input/green_tripdata_2019-01.csv")
    deployed.put("output/summary.json", json.dumps(made.summary([made.file("a.csv")])))
    assert run() == 0
    capfd.readouterr()
    assert report("show", "local", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["outcome"], [each["name"] for each in told["execution"]["states"]]) == (
        "published",
        ["Publish", "Published"],
    )
    assert report("show", "local", "nothing") == 1
    assert "there is no run 'nothing'" in capfd.readouterr().err


def folder(tmp_path: Path) -> Path:
    """A download of two runs: of one that published, and of one that came to its plan alone."""
    good, killed = tmp_path / "runs" / "2024-01-01", tmp_path / "runs" / "2024-01-02"
    plan = {"units": [{"dataset": "orders", "because": "new", "files": [{"path": "a.csv", "size": 7}]}]}
    for path, content in {
        good / "summary.json": made.summary([made.file("a.csv")]),
        good / "profile.json": {"version": 1, "tables": {"orders": made.table()}, "examples": {}},
        good / "verdict.json": made.verdict(),
        killed / "plan.json": plan,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return tmp_path / "runs"


def test_a_download_needs_no_aws(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Index and pages lie in it, and lead to each other."""
    runs = folder(tmp_path)
    assert report("index", "dev", "--folder", str(runs)) == 0
    out, err = capfd.readouterr()
    assert (out.strip(), "environment" in err) == (str(runs / "index.html"), False)
    for each in Parsed((runs / "index.html").read_text()).all("a"):
        if not each["href"].startswith("#"):
            assert (runs / each["href"]).is_file()
    good = Parsed((runs / "2024-01-01" / "report.html").read_text())
    assert "139 (139 new)" in good.text
    assert (runs / "2024-01-01" / good.all("a")[1]["href"]).resolve() == runs / "index.html"
    killed = Parsed((runs / "2024-01-02" / "report.html").read_text())
    assert "It was to read 1 file, 7 B" in killed.text


def test_a_report_is_kept_where_the_history_is_gone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was known of the execution stays on the page."""
    runs = folder(tmp_path)
    (runs / "2024-01-01" / "report.json").write_text(json.dumps(made.gate()))
    assert report("show", "dev", "2024-01-01", "--folder", str(runs)) == 0
    assert "quarantined-share of b.csv" in Parsed((runs / "2024-01-01" / "report.html").read_text()).text


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With what was expected."""
    assert report("index", "dev", "--folder", str(tmp_path / "no")) == 1
    assert f"{tmp_path / 'no'}: found no such folder, expected a download" in capfd.readouterr().err


def test_documents_that_are_damaged_are_left_out(tmp_path: Path) -> None:
    """The page shows what there is."""
    runs = folder(tmp_path)
    (runs / "2024-01-01" / "summary.json").write_text("{")
    (runs / "2024-01-01" / "profile.json").write_text("[]")
    assert report("show", "dev", "2024-01-01", "--folder", str(runs)) == 0
    for content in ({"files": "none"}, {"rows": {}, "files": [{"source": "a"}]}, {"tables": 7}, {}):
        (runs / "2024-01-01" / "summary.json").write_text(json.dumps(content))
        (runs / "2024-01-01" / "profile.json").write_text(json.dumps(content))
        for run in ("2024-01-01", "2024-01-02"):
            assert report("show", "dev", run, "--folder", str(runs)) == 0
