"""Starting, stopping, killing, finding: what happens to the server's process and what it keeps."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from clients import client
from waiting import until

from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.server import endpoint as endpoints
from data_pipeline.embedded_aws.server import lifecycle, locks
from data_pipeline.embedded_aws.server.endpoint import Endpoint

ROOT = Path(__file__).resolve().parents[3]
ROLE_TRUST = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
WAIT = {
    "QueryLanguage": "JSONata",
    "StartAt": "W",
    "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}},
}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state directory, whose server is gone afterwards."""
    directory = tmp_path / "aws"
    yield directory
    lifecycle.down(directory)


def kill(endpoint: Endpoint) -> None:
    """kill -9 of the server, and wait until it is gone."""
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: not locks.is_held(endpoint.state / "server.lock"), seconds=10)


def test_up_is_idempotent_and_keeps_the_credential(state: Path) -> None:
    """A second up finds the same server; after down and up it is another process with the same credential."""
    first, started = lifecycle.up(state, 0)
    again, started_again = lifecycle.up(state, 0)
    assert (started, started_again) == (True, False)
    assert again == first
    assert lifecycle.down(state) is True
    assert lifecycle.down(state) is False
    third = lifecycle.ensure_up(state)
    assert third.port == first.port, "the port that was chosen is remembered"
    assert (third.access_key, third.secret_key) == (first.access_key, first.secret_key)
    assert third.pid != first.pid
    assert third.token != first.token


def test_two_ups_at_once_start_one_server(state: Path) -> None:
    """Commands that start the server at the same moment all get the same one."""
    found: list[Endpoint] = []
    threads = [threading.Thread(target=lambda: found.append(lifecycle.ensure_up(state, 0))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({endpoint.pid for endpoint in found}) == 1


def test_endpoint_is_its_owner_s_alone(state: Path) -> None:
    """The file with the credential has mode 0600 in a directory of mode 0700; no secret is shown by repr."""
    endpoint = lifecycle.ensure_up(state, 0)
    assert stat.S_IMODE(endpoints.path_in(state).stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert endpoint.secret_key not in repr(endpoint)
    assert endpoint.token not in repr(endpoint)
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in state.rglob("*"))


def listeners(pid: int) -> list[str]:
    """The addresses on which a process listens, as the system's own tool says."""
    for command in (["ss", "-Hltnp"], ["lsof", "-nP", "-a", "-p", str(pid), "-iTCP", "-sTCP:LISTEN"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            continue
        lines = [line for line in done.stdout.splitlines() if f"pid={pid}," in line or f" {pid} " in line]
        return [re.search(r"(\S+:\d+)\s", line).group(1) for line in lines]  # type: ignore[union-attr]
    return proc_listeners(pid)


def proc_listeners(pid: int) -> list[str]:
    """The same from /proc, where neither tool is installed."""
    entries = Path(f"/proc/{pid}/fd").iterdir()
    inodes = {str(entry.readlink()) for entry in entries if entry.is_symlink()}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                address, port = fields[1].split(":")
                octets = [int(address[i : i + 2], 16) for i in (6, 4, 2, 0)] if table == "tcp" else [address]
                found.append(".".join(map(str, octets)) + f":{int(port, 16)}")
    return found


def test_only_loopback_is_bound(state: Path) -> None:
    """The server listens on one port of 127.0.0.1 and on nothing else, whatever services were used."""
    endpoint = lifecycle.ensure_up(state, 0)
    client(endpoint, "s3").create_bucket(Bucket="bucket")
    client(endpoint, "sqs").create_queue(QueueName="queue")
    client(endpoint, "glue").get_databases()
    assert listeners(endpoint.pid) == [f"127.0.0.1:{endpoint.port}"]


def test_occupied_port(state: Path) -> None:
    """A port that something else has is named, with the command that takes another one."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError) as refused:
            lifecycle.ensure_up(state, port)
    message = str(refused.value)
    assert f"port {port} on 127.0.0.1 cannot be opened: something else already listens there." in message
    assert f"`python -m data_pipeline local up --port {port + 1}`" in message
    assert lifecycle.ensure_up(state, 0).port != port


def test_other_port_while_running(state: Path) -> None:
    """Asking for another port than that of the running server says which one it has and how to stop it."""
    endpoint = lifecycle.ensure_up(state, 0)
    with pytest.raises(LocalError, match=rf"already runs on port {endpoint.port}, not 1\."):
        lifecycle.up(state, 1)


def test_stale_endpoint_of_a_process_number_that_lives_on(state: Path) -> None:
    """An endpoint whose process number now belongs to something else is stale: down leaves that process
    alone.
    """
    endpoint = lifecycle.ensure_up(state, 0)
    kill(endpoint)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        path = endpoints.path_in(state)
        path.write_text(json.dumps({**json.loads(path.read_text()), "pid": other.pid}))
        assert lifecycle.running(state) is None
        assert lifecycle.status(state).running is False
        assert lifecycle.down(state) is False
        assert other.poll() is None
        assert lifecycle.ensure_up(state, 0).pid != other.pid
        other.kill()


def test_another_server_on_the_port_is_not_taken_for_ours(state: Path, tmp_path: Path) -> None:
    """A server of another directory that took over the port does not know our token: it is not ours."""
    endpoint = lifecycle.ensure_up(state, 0)
    kill(endpoint)
    other = lifecycle.ensure_up(tmp_path / "other", endpoint.port)
    try:
        assert lifecycle.answers(endpoint) is False
        assert lifecycle.running(state) is None
    finally:
        lifecycle.down(other.state)


def test_unreadable_endpoint(state: Path) -> None:
    """A damaged endpoint.json is named, with the way to start over, and reset deletes it."""
    state.mkdir()
    endpoints.path_in(state).write_text("{")
    with pytest.raises(LocalError, match="local reset"):
        lifecycle.ensure_up(state, 0)
    assert not locks.is_held(state / "server.lock")
    assert lifecycle.reset(state) is True
    time.sleep(1)
    assert not state.exists(), "a server that had been starting made it again"


def test_reset_deletes_only_state_directories(tmp_path: Path) -> None:
    """A directory that is not an embedded AWS's is not deleted."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LocalError, match="is not the state directory"):
        lifecycle.reset(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
    assert lifecycle.reset(tmp_path / "nothing") is False


def test_reset_forgets_everything(state: Path) -> None:
    """After reset the server is gone, and the next one has another credential and no bucket."""
    endpoint = lifecycle.ensure_up(state, 0)
    client(endpoint, "s3").create_bucket(Bucket="bucket")
    assert lifecycle.reset(state) is True
    assert lifecycle.answers(endpoint) is False
    after = lifecycle.ensure_up(state, 0)
    assert after.secret_key != endpoint.secret_key
    assert client(after, "s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize("end", ["kill", "down"])
def test_everything_is_there_after_the_end(state: Path, end: str) -> None:
    """Objects, tables, roles, machines, schedules, stacks and logs survive a kill -9 at once after the
    answer.
    """
    endpoint = lifecycle.ensure_up(state, 0)
    aws = {
        name: client(endpoint, name)
        for name in ("s3", "glue", "iam", "stepfunctions", "logs", "cloudformation", "sqs", "scheduler")
    }
    body = {"Resources": {"L": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "stacked"}}}}
    aws["cloudformation"].create_stack(StackName="stack", TemplateBody=json.dumps(body))
    until(lambda: aws["cloudformation"].describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    policy = {"Version": "2012-10-17", "Statement": [ROLE_TRUST]}
    role = aws["iam"].create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    machine = {"name": "m", "definition": json.dumps(WAIT), "roleArn": role, "publish": True}
    version = aws["stepfunctions"].create_state_machine(**machine)["stateMachineVersionArn"]
    route = {"stateMachineVersionArn": version, "weight": 100}
    aws["stepfunctions"].create_state_machine_alias(name="live", routingConfiguration=[route])
    aws["scheduler"].create_schedule_group(Name="g")
    aws["sqs"].create_queue(QueueName="q")
    aws["s3"].create_bucket(Bucket="bucket")
    aws["s3"].put_object(Bucket="bucket", Key="a/b", Body=b"x" * 100_000, Metadata={"m": "1"})
    aws["s3"].put_object(Bucket="bucket", Key="gone", Body=b"")
    aws["s3"].delete_object(Bucket="bucket", Key="gone")
    aws["glue"].create_database(DatabaseInput={"Name": "d"})
    aws["glue"].create_table(DatabaseName="d", TableInput={"Name": "t", "Parameters": {"p": "1"}})
    kill(endpoint) if end == "kill" else lifecycle.down(state)
    after = lifecycle.ensure_up(state, 0)
    found = client(after, "s3").get_object(Bucket="bucket", Key="a/b")
    assert (found["Body"].read(), found["Metadata"]) == (b"x" * 100_000, {"m": "1"})
    assert [item["Key"] for item in client(after, "s3").list_objects_v2(Bucket="bucket")["Contents"]] == [
        "a/b"
    ]
    assert client(after, "glue").get_table(DatabaseName="d", Name="t")["Table"]["Parameters"] == {"p": "1"}
    assert client(after, "iam").get_role(RoleName="r")["Role"]["Arn"] == role
    assert client(after, "stepfunctions").list_state_machines()["stateMachines"][0]["name"] == "m"
    alias = {"stateMachineAliasArn": f"{version.rpartition(':')[0]}:live"}
    routed = client(after, "stepfunctions").describe_state_machine_alias(**alias)["routingConfiguration"]
    assert routed == [route]
    assert client(after, "stepfunctions").describe_state_machine(stateMachineArn=version)["name"] == "m"
    assert client(after, "scheduler").get_schedule_group(Name="g")["Name"] == "g"
    assert client(after, "sqs").get_queue_url(QueueName="q")["QueueUrl"].endswith("/q")
    stacks = client(after, "cloudformation").describe_stacks()["Stacks"]
    assert [(stack["StackName"], stack["StackStatus"]) for stack in stacks] == [("stack", "CREATE_COMPLETE")]
    groups = [group["logGroupName"] for group in client(after, "logs").describe_log_groups()["logGroups"]]
    assert "stacked" in groups


@pytest.mark.parametrize("end", ["kill", "down"])
def test_running_execution_has_failed_after_the_end(state: Path, end: str) -> None:
    """An execution that ran when the server ended is FAILED with an honest cause; the next one runs."""
    endpoint = lifecycle.ensure_up(state, 0)
    states = client(endpoint, "stepfunctions")
    policy = {"Version": "2012-10-17", "Statement": [ROLE_TRUST]}
    role = client(endpoint, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(policy))
    machine = states.create_state_machine(name="m", definition=json.dumps(WAIT), roleArn=role["Role"]["Arn"])
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"], name="one")["executionArn"]
    kill(endpoint) if end == "kill" else lifecycle.down(state)
    after = client(lifecycle.ensure_up(state, 0), "stepfunctions")
    found = after.describe_execution(executionArn=execution)
    assert (found["status"], found["error"]) == ("FAILED", "EmbeddedAWS.Interrupted")
    assert "stopped or killed while this execution ran" in found["cause"]
    events = after.get_execution_history(executionArn=execution)["events"]
    assert events[-1]["type"] == "ExecutionFailed"
    assert events[-1]["executionFailedEventDetails"]["error"] == "EmbeddedAWS.Interrupted"
    after.start_execution(stateMachineArn=machine["stateMachineArn"], name="two")
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        after.start_execution(stateMachineArn=machine["stateMachineArn"], name="one")


def test_stack_in_progress_says_so_after_a_kill(state: Path) -> None:
    """A stack whose creation a kill interrupted does not stay in progress: it can be deleted and made
    again.
    """
    endpoint = lifecycle.ensure_up(state, 0)
    cloudformation = client(endpoint, "cloudformation")
    resources = {f"L{number}": {"Type": "AWS::Logs::LogGroup"} for number in range(120)}
    cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps({"Resources": resources}))
    kill(endpoint)
    after = client(lifecycle.ensure_up(state, 0), "cloudformation")
    stack = after.describe_stacks(StackName="stack")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert "stopped or killed" in stack["StackStatusReason"]
    after.delete_stack(StackName="stack")
    until(lambda: not [s for s in after.describe_stacks()["Stacks"] if s["StackName"] == "stack"])


def test_a_stack_that_was_shown_as_deleted_is_deleted_after_a_kill(state: Path) -> None:
    """Its deletion ends in the background, and is on disk before anybody sees its end."""
    endpoint = lifecycle.ensure_up(state, 0)
    cloudformation = client(endpoint, "cloudformation")
    body = json.dumps({"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}})
    cloudformation.create_stack(StackName="stack", TemplateBody=body)
    until(lambda: cloudformation.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    cloudformation.delete_stack(StackName="stack")
    until(lambda: not cloudformation.describe_stacks()["Stacks"])
    kill(endpoint)
    assert client(lifecycle.ensure_up(state, 0), "cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.parametrize(("value", "kept"), [("0", True), ("1", False)])
def test_a_server_of_tests_writes_objects_alone(
    state: Path, monkeypatch: pytest.MonkeyPatch, value: str, kept: bool
) -> None:
    """And says so; not for any other value than 1."""
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_UNSAVED", value)
    endpoint = lifecycle.ensure_up(state, 0)
    client(endpoint, "iam").create_user(UserName="u")
    assert (state / "services" / "iam.json").exists() is kept
    assert ("ends with this server" in (state / "server.log").read_text()) is not kept


def test_the_work_of_a_server_of_an_older_version_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows no names; nothing breaks."""
    answer = SimpleNamespace(status=200, read=lambda: b'{"pid": 7, "executions": 2}')
    connection = SimpleNamespace(
        request=lambda *_, **__: None, getresponse=lambda: answer, close=lambda: None
    )
    monkeypatch.setattr(lifecycle.http.client, "HTTPConnection", lambda *_, **__: connection)
    endpoint = SimpleNamespace(port=1, token="")
    assert lifecycle.work(endpoint) == {"pid": 7, "executions": ["?", "?"]}


def test_reset_says_what_it_ends(state: Path) -> None:
    """`local reset` while a run is under way names the run before it ends it."""
    endpoint = lifecycle.ensure_up(state, 0)
    states = client(endpoint, "stepfunctions")
    policy = {"Version": "2012-10-17", "Statement": [ROLE_TRUST]}
    role = client(endpoint, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(policy))
    machine = states.create_state_machine(name="m", definition=json.dumps(WAIT), roleArn=role["Role"]["Arn"])
    states.start_execution(stateMachineArn=machine["stateMachineArn"], name="one")
    assert lifecycle.work(endpoint) == {"pid": endpoint.pid, "executions": ["m:one"], "jobs": []}
    done = command(state, "reset")
    assert done.stderr == "this ends the run m:one, which is under way\n"
    assert done.stdout.startswith("deleted ")


def test_server_that_is_silent_is_ended(state: Path) -> None:
    """down ends a server that does not react to SIGTERM because it is stopped."""
    endpoint = lifecycle.ensure_up(state, 0)
    os.kill(endpoint.pid, signal.SIGSTOP)
    began = time.monotonic()
    original, lifecycle.STOP_SECONDS = lifecycle.STOP_SECONDS, 1.0
    try:
        assert lifecycle.down(state) is True
    finally:
        lifecycle.STOP_SECONDS = original
    assert time.monotonic() - began < 10
    assert locks.is_held(state / "server.lock") is False


def command(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m data_pipeline local …`` on a state directory, with a free port."""
    environment = {**os.environ, "DATA_PIPELINE_LOCAL_STATE": str(state), "DATA_PIPELINE_LOCAL_PORT": "0"}
    return subprocess.run(
        [sys.executable, "-m", "data_pipeline", "local", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def test_commands(state: Path) -> None:
    """Every command says what it did, whatever the state, with exit status 0; env's exports open the
    server.
    """
    assert "not running" in command(state, "down").stdout
    refused = command(state, "env")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert (
        refused.stderr
        == "error: the embedded AWS does not run: start it with `python -m data_pipeline local up`.\n"
    )
    stopped = command(state, "status")
    assert stopped.returncode == 1
    assert "no (never started)" in stopped.stdout
    started = command(state, "up")
    assert started.returncode == 0
    where = r"started: the embedded AWS at http://127\.0\.0\.1:\d+; "
    assert re.fullmatch(where + r"stop it with: python -m data_pipeline local down\n", started.stdout)
    assert command(state, "up").stdout.startswith("already running: ")
    status = command(state, "status")
    assert status.returncode == 0
    assert re.search(r"^running +yes$", status.stdout, re.MULTILINE)
    exports = command(state, "env").stdout
    lines = subprocess.run(
        [
            "bash",
            "-c",
            f'{exports}\nprintf "%s\\n" "$AWS_ENDPOINT_URL" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"',
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    endpoint = endpoints.read(state)
    assert endpoint is not None
    assert lines == [endpoint.url, endpoint.access_key, endpoint.secret_key]
    logs = command(state, "logs")
    assert "MiniStack on port" in logs.stdout
    assert endpoint.secret_key not in logs.stdout + status.stdout
    assert command(state, "down").stdout.startswith("stopped; ")
    deleted = command(state, "reset")
    assert deleted.stdout.startswith(f"deleted {state}")
    assert not state.exists()
    assert "nothing to delete" in command(state, "reset").stdout
