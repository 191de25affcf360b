"""Ten things that go wrong, played on the embedded AWS: what is told, what `status` says, and the command that ends it.

docs/how-to/incidents.md shows the texts of these runs; RECORD=1 writes them there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT
from randomness import SOAK
from system.project import Done, NewProject

PAGE = ROOT / "docs" / "how-to" / "incidents.md"
PIPELINE = """\
pipeline: shop
region: us-east-1
notify: {emails: [data-team@example.com], when: [failure, nothing_new]}
schedule: {expression: "cron(0 6 * * ? *)", timezone: Europe/Berlin, enabled: true}
datasets:
  orders:
    files: orders/{year}-{month}.csv
    columns: {id: string, amount: double}
    rules: {quarantined-share: fail 0.05}
steps:
  copy:
    script: copy_rows.py
    service: sagemaker
    after: load
    arguments: {output: "{output}", periods: "{periods}"}
    reads: [runs]
    writes: [runs]
"""
#: fails once for each of some months, as jobs do.
COPY = '''\
"""Job: copy what was read to somebody else; the first time for some months it fails."""

import errno
import os
import signal

from data_pipeline.etl.custom import step


def main(arguments):
    parser = step.parser(__doc__)
    parser.add_argument("--output", required=True)
    parser.add_argument("--periods", required=True)
    options = step.parse(parser, arguments)
    month = options.periods
    step.log(f"copying {month}")
    tried = step.join(options.output, "runs", "tried")
    if any(each.path == month for each in step.list_files(tried)):
        return
    step.write(step.join(tried, month), b"")
    if month == "2024-04":
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/copy.parquet")
    if month == "2024-05":
        raise step.JobError("PutRecord: ThrottlingException: Rate exceeded; tried 5 times")
    if month == "2024-06":
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    step.run(main)
'''


class Shop(NewProject):
    """A month of orders each time."""

    def write(self, month: str, text: str = "id,amount\na,1\nb,2\n") -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=f"input/orders/{month}.csv", Body=text.encode())

    def call(self, *words: str) -> Done:
        return self("python", "-m", "data_pipeline", *words, timeout=600)

    def fails(self, month: str) -> None:
        done = self.run("--periods", month)
        assert done.status == 1, done.out

    def ends(self, *words: str) -> None:
        done = self.call(*words)
        assert done.status == 0, done.err

    def mail(self) -> str:
        """The last one."""
        lines = (self.root / ".local" / "aws" / "notifications.jsonl").read_text().splitlines()
        found = json.loads(lines[-1])
        return f"Subject: {found['subject']}\n\n{found['message']}"

    def status(self) -> str:
        """What is of the pipeline itself: not of the machine that the test is on."""
        lines = self.ok("python", "-m", "data_pipeline", "status", "local", "--runs", "1").out.splitlines()
        return "\n".join(line for line in lines if not line.startswith(("deployed", "version", "alarms")))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "shop")
    try:
        (made.root / "config" / "pipeline.yaml").write_text(PIPELINE)
        (made.root / "config" / "local.yaml").write_text("endpoint: embedded\n")
        (made.root / "jobs" / "copy_rows.py").write_text(COPY)
        done = made.deploy()
        assert done.status == 0, done.err
        made.write("2024-01")
        assert made.run().status == 0
        yield made
    finally:
        made("python", "-m", "data_pipeline", "local", "down")


def plain(text: str) -> str:
    """Without what differs from run to run."""
    for pattern, put in (
        (r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{6}", "2026-11-30T06-00-03Z-4f1c2a"),
        (r"(?m)^[0-9a-f]{6}(  )\d\d-\d\d \d\d:\d\d", r"4f1c2a\g<1>11-30 06:00"),
        (r"(?<=  )\d\d:\d\d(?=  )", "04:12"),
        (r"next run .*", "next run 2026-12-01 06:00 CET, 05:00 UTC"),
        (r"(?m)^https://.*\n?", ""),
        (r"\b[0-9a-f]{64}\b", "…"),
        (r"(databucket)-[0-9a-f]{13}\b", r"\g<1>-…"),
        (r" \(\[Errno [^)]*\)", ""),
        (r"(Role)-[0-9A-F]{12,13}\b", r"\g<1>-…"),
    ):
        text = re.sub(pattern, put, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def compare(name: str, kind: str, text: str) -> None:
    """With the block of the page; RECORD=1 writes it."""
    page = PAGE.read_text(encoding="utf-8")
    block = re.compile(rf"(<!-- {name}: {kind} -->\n```text\n)(.*?)(\n```\n)", re.DOTALL)
    found = block.search(page)
    assert found, f"{name}: {kind}"
    if os.environ.get("RECORD"):
        PAGE.write_text(block.sub(lambda m: m[1] + plain(text) + m[3], page), encoding="utf-8")
    else:
        assert found[2] == plain(text)


def compare_messages(shop: Shop, name: str) -> None:
    compare(name, "mail", shop.mail())
    compare(name, "status", shop.status())


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="some twenty runs: `make soak` makes them")
@pytest.mark.timeout(1800)
def test_ten_incidents_end_as_the_page_says(shop: Shop) -> None:
    """Each is told, shown and ended before the next."""
    shop.write("2024-02", "order,amount\na,1\n")
    shop.fails("2024-02")
    compare_messages(shop, "renamed-column")
    shop.write("2024-02")
    shop.ends("backfill", "local", "--only", "missing", "--yes")
    shop.write("2024-03", "id,amount\na,x\nb,2\n")
    shop.fails("2024-03")
    compare_messages(shop, "rule")
    shop.ends("run", "local", "--accept", "quarantined-share")
    for month, name in (("2024-04", "full-disk"), ("2024-05", "throttling"), ("2024-06", "killed-job")):
        shop.write(month)
        shop.fails(month)
        compare_messages(shop, name)
        shop.ends("runs", "rerun", "local", "--from", "copy")
    a_quota_is_reached(shop)
    a_permission_is_taken_away(shop)
    a_deployment_is_bad(shop)
    a_source_is_away(shop)
    the_schedule_is_off(shop)


def a_quota_is_reached(shop: Shop) -> None:
    quotas = shop.root / ".local" / "aws" / "quotas.json"
    quotas.write_text(json.dumps({"ml.m5.xlarge for processing job usage": 0}))
    shop.write("2024-07")
    shop.fails("2024-07")
    compare_messages(shop, "quota")
    quotas.unlink()
    shop.ends("run", "local")


def a_permission_is_taken_away(shop: Shop) -> None:
    iam = shop.client("iam")
    (role,) = [each["RoleName"] for each in iam.list_roles()["Roles"] if "LoadJobRole" in each["RoleName"]]
    deny = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=json.dumps(deny))
    shop.write("2024-08")
    shop.fails("2024-08")
    compare_messages(shop, "permission")
    iam.delete_role_policy(RoleName=role, PolicyName="by-hand")
    shop.ends("run", "local")


def a_deployment_is_bad(shop: Shop) -> None:
    script = shop.root / "jobs" / "copy_rows.py"
    script.write_text(COPY.replace("options.periods", "options.months"))
    assert shop.deploy().status == 0
    shop.write("2024-09")
    shop.fails("2024-09")
    compare_messages(shop, "bad-deployment")
    shop.ends("rollback", "local", "--yes")
    shop.ends("runs", "rerun", "local", "--from", "copy")


def a_source_is_away(shop: Shop) -> None:
    configuration = shop.root / "config" / "pipeline.yaml"
    configuration.write_text(
        PIPELINE + "sources: {theirs: {files: [https://shop.invalid/orders/2024-10.csv]}}\n"
    )
    assert shop.deploy().status == 0
    shop.ends("run", "local")
    compare_messages(shop, "source")


def the_schedule_is_off(shop: Shop) -> None:
    scheduler = shop.client("scheduler")
    (group,) = {each["GroupName"] for each in scheduler.list_schedules()["Schedules"]}
    for each in scheduler.list_schedules(GroupName=group)["Schedules"]:
        found = scheduler.get_schedule(GroupName=group, Name=each["Name"])
        given = {
            key: found[key]
            for key in ("Name", "GroupName", "ScheduleExpression", "Target", "FlexibleTimeWindow")
        }
        zone = {"ScheduleExpressionTimezone": found["ScheduleExpressionTimezone"]}
        scheduler.update_schedule(**given, **zone, State="DISABLED")
    compare("schedule", "status", shop.status())
    shop.ends("schedule", "resume", "local")
