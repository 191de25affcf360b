"""/opt/ml by a mount and by moved paths, and jobs that end with their server however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import GlueJobs, OwnServer, Processing

from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.jobs import sandbox
from data_pipeline.embedded_aws.server import lifecycle

SHOW = """
import json, os, sys
given = sys.argv[1]
open(os.environ["MESSAGE"], "w").write("told")
print(json.dumps({
    "given": given,
    "read": open(given + "/main.py").read()[:7],
    "fixed": os.path.isfile("/opt/ml/config/resourceconfig.json"),
    "code": os.path.dirname(sys.argv[0]),
}))
"""

LOOK = """
import ctypes, json, os, subprocess, sys
state, server, kind = sys.argv[-3:]
found = {}

def look(name, what):
    try:
        found[name] = repr(what())
    except OSError as error:
        found[name] = None

secret = state + "/endpoint.json"
look("read", lambda: open(secret).read())
look("list", lambda: [name for name in os.listdir(state) if name != "jobs"] or None)
look("others", lambda: os.listdir(state + "/jobs")[1:] or None)
for part in ("environ", "mem", "cwd/endpoint.json", f"root/{secret}", "maps"):
    look(part, lambda: open(f"/proc/{server}/{part}", "rb").read(1))
processes = [pid for pid in os.listdir("/proc") if pid.isdigit()]
look("any root", lambda: [pid for pid in processes if os.path.exists(f"/proc/{pid}/root{secret}")] or None)
ctypes.CDLL(None).umount2(state.encode(), 2)
look("uncovered", lambda: open(secret).read())
again = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"umount -l {state}; cat {secret}"]
look("uncovered in a namespace", lambda: subprocess.run(again, capture_output=True, check=False).stdout or None)
print(json.dumps([name for name, what in found.items() if what not in (None, "None")]))
print(json.dumps(sorted(name for name in os.environ if "SECRET" in name)))
print(os.environ["AWS_ACCESS_KEY_ID"])
"""

SLEEP = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = [sys.executable, "-c", "import time; time.sleep(300)"]
print("pids", os.getpid(), subprocess.Popen(inner).pid, subprocess.Popen(inner, start_new_session=True).pid)
time.sleep(300)
"""


@pytest.mark.parametrize("mode", ["mount", "rewrite"])
def test_a_job_runs_in_both_sandboxes(
    mode: str, own_server: Callable[[], OwnServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a mount the job's paths are those of the container; without, they lead to the job's own
    directory.
    """
    if mode == "mount" and not sandbox._can_mount():
        pytest.skip("this kernel does not let a process mount: only the fallback can be tested here")
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_SANDBOX", mode)
    there_before = Path("/opt/ml").exists()
    processing = own_server().processing()
    code = "/opt/ml/processing/input/code"
    name = processing.create(SHOW, code, Environment={"MESSAGE": "/opt/ml/output/message"})
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Completed", processing.log(name)
    assert job["ExitMessage"] == "told"
    seen = json.loads(processing.log(name)[0])
    assert seen["read"] == SHOW[:7]
    if mode == "mount":
        assert (seen["given"], seen["code"], seen["fixed"]) == (code, code, True)
    else:
        assert seen["given"] == seen["code"]
        assert seen["given"].endswith(f"/jobs/{name}/ml/processing/input/code")
        assert not seen["fixed"]
    assert Path("/opt/ml").exists() == there_before


@pytest.mark.parametrize("service", ["processing", "glue"])
def test_a_job_reaches_neither_root_s_credential_nor_the_state(
    service: str, processing: Processing, glue_jobs: GlueJobs
) -> None:
    """A job finds neither endpoint.json, nor any other file of the state, nor the server's process, also when it
    tries to take the cover off; its environment has its own role's credential.
    """
    if not sandbox._can_mount():
        pytest.skip("this kernel does not let a process mount: jobs are not confined here")
    endpoint = processing.endpoint
    words = [str(endpoint.state), str(endpoint.pid), service]
    assert (endpoint.state / "endpoint.json").exists()
    if service == "processing":
        name = processing.create(LOOK, *words)
        job = processing.ended(name)
        lines = processing.log(name)
        assert job["ProcessingJobStatus"] == "Completed", lines
    else:
        arguments = dict(zip(("--state", "--server", "--kind"), words, strict=True))
        script = LOOK.replace("sys.argv[-3:]", "[sys.argv[sys.argv.index(n) + 1] for n in ARGUMENTS]")
        defined = glue_jobs.define(script.replace("ARGUMENTS", repr(tuple(arguments))))
        run = glue_jobs.start(defined, Arguments=arguments)
        assert glue_jobs.ended(defined, run)["JobRunState"] == "SUCCEEDED"
        lines = support.messages(endpoint, "/aws-glue/python-jobs/output", run)
    assert json.loads(lines[0]) == []
    assert json.loads(lines[1]) == ["AWS_SECRET_ACCESS_KEY"]
    assert lines[2].startswith("ASIA")


def test_a_killed_server_takes_its_jobs_along(own_server: Callable[[], OwnServer]) -> None:
    """kill -9 ends the processes of both services' jobs, daemons included; after a restart the jobs say
    what happened.
    """
    server = own_server()
    processing, glue = server.processing(), server.glue_jobs()
    name = processing.create(SLEEP)
    job = glue.define(SLEEP)
    run = glue.start(job)
    streams = (("/aws/sagemaker/ProcessingJobs", name), ("/aws-glue/python-jobs/output", run))
    pids = [
        int(pid)
        for group, stream in streams
        for pid in support.until(lambda g=group, s=stream: support.messages(server.up(), g, s), bool)[
            0
        ].split()[1:]
    ]
    assert len(pids) == 6
    assert all(support.alive(pid) for pid in pids)
    killed = server.up()
    os.kill(killed.pid, signal.SIGKILL)
    support.until(lambda: [pid for pid in pids if support.alive(pid)], lambda left: not left, 10)

    again = server.up()
    assert again.pid != killed.pid
    assert not (again.state / "jobs").exists()
    processing.endpoint = glue.endpoint = again
    processing.__post_init__()
    glue.__post_init__()
    found = processing.ended(name)
    assert found["ProcessingJobStatus"] == "Failed"
    assert "the embedded AWS was ended while this job ran" in found["FailureReason"]
    ended = glue.run(job, run)
    assert ended["JobRunState"] == "ERROR"
    assert "The embedded AWS was ended while this run was going on" in ended["ErrorMessage"]
    with pytest.raises(processing.api.exceptions.ResourceInUse):
        processing.create(SLEEP, ProcessingJobName=name)


def test_a_stopped_server_takes_its_jobs_along(own_server: Callable[[], OwnServer]) -> None:
    """A polite end kills the jobs as well, does not wait for them, and keeps their records."""
    server = own_server()
    processing = server.processing()
    done = processing.create("print(1)")
    processing.ended(done)
    name = processing.create(SLEEP)
    pids = [int(pid) for pid in support.until(lambda: processing.log(name), bool)[0].split()[1:]]
    lifecycle.down(server.state)
    support.until(lambda: [pid for pid in pids if support.alive(pid)], lambda left: not left, 10)
    processing.endpoint = server.up()
    processing.__post_init__()
    assert processing.ended(name)["ProcessingJobStatus"] == "Failed"
    assert processing.ended(done)["ProcessingJobStatus"] == "Completed"


def test_only_paths_below_the_root_are_moved() -> None:
    """A path is moved at the start of a word and inside it; what only looks like one is not."""
    words = [
        "/opt/ml/x",
        "--at=/opt/ml",
        "a:/opt/ml/y,/opt/ml/z",
        "/opt/mlx",
        "/my/opt/ml/x",
        "s3://b/opt/ml/x",
    ]
    moved, environment = sandbox.rewritten(words, {"P": "/opt/ml/p"}, "/job")
    assert moved == ["/job/x", "--at=/job", "a:/job/y,/job/z", "/opt/mlx", "/my/opt/ml/x", "s3://b/opt/ml/x"]
    assert environment == {"P": "/job/p"}


def test_a_wrong_wish_for_a_sandbox_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable, what was found and what is expected."""
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_SANDBOX", "docker")
    with pytest.raises(LocalError, match="DATA_PIPELINE_LOCAL_SANDBOX=docker: expected 'mount' or 'rewrite'"):
        sandbox.mode()


def test_the_launcher_ends_with_its_lifeline(tmp_path: Path) -> None:
    """When the other end of the lifeline is gone, the job is killed, also one that ignores SIGTERM."""
    spec = tmp_path / "spec.json"
    words = [sys.executable, "-c", SLEEP]
    spec.write_text(
        json.dumps(
            {
                "command": words,
                "environment": {"PYTHONUNBUFFERED": "1"},
                "directory": str(tmp_path),
                "mount": None,
                "hidden": None,
                "kept": str(tmp_path),
            }
        )
    )
    launcher = [sys.executable, "-m", "data_pipeline.embedded_aws.jobs.launcher", str(spec)]
    root = Path(__file__).resolve().parents[3]
    process = subprocess.Popen(
        launcher, env={"PYTHONPATH": str(root)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()[1:]]
    assert len(pids) == 3
    process.stdin.close()
    assert process.wait(timeout=20) == 128 + signal.SIGKILL
    process.stdout.close()
    assert not any(support.alive(pid) for pid in pids)
