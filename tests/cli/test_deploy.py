"""`./deploy.sh` as a user types it, in a copy of the project with an embedded AWS of its own, as the deployer."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployer import as_deployer
from randomness import SOAK
from system.project import Done, Project

from data_pipeline.embedded_aws.server import lifecycle

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("nyc-tlc-local-storage", "nyc-tlc-local-pipeline")
INTERRUPT = "\x03"
Deployer = dict[str, str]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project of this module's own."""
    made = Project(tmp_path_factory.mktemp("deploy") / "project")
    yield made
    made.down()


@pytest.fixture
def deployer(project: Project, tmp_path: Path) -> Deployer:
    """An empty embedded AWS, and the variables of its deployer."""
    state = project.root / ".local" / "aws"
    lifecycle.reset(state)
    return as_deployer(lifecycle.ensure_up(state, 0), tmp_path)


def deploy(project: Project, deployer: Deployer, *words: str, environment: str = "local") -> Done:
    return project("./deploy.sh", environment, "artifacts", *words, **deployer)


def statuses(project: Project) -> dict[str, str]:
    stacks = project.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in stacks}


def keys(project: Project) -> dict[str, object]:
    found = project.client("s3").list_objects_v2(Bucket="artifacts").get("Contents", [])
    return {entry["Key"]: entry["LastModified"] for entry in found}


def test_a_first_deployment_the_same_again_and_a_changed_job(project: Project, deployer: Deployer) -> None:
    """One story, since each part goes on with what the one before has deployed."""
    _all_is_made_and_again_nothing_changes(project, deployer)
    _a_changed_job_is_shown_as_an_update_and_applied(project, deployer)


def _all_is_made_and_again_nothing_changes(project: Project, deployer: Deployer) -> None:
    """Everything is made and tagged, outputs are printed; the second time nothing changes, with or without --yes."""
    done = deploy(project, deployer, "--yes")
    assert done.status == 0, done.err
    assert done.err.splitlines()[0].startswith("environment local · account 000000000000 · us-east-1 · ")
    printed = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert {"DataBucket", "Database", "StateMachineArn", "InputUri", "ExportUri"} <= printed.keys()
    assert statuses(project) == dict.fromkeys(STACKS, "CREATE_COMPLETE")
    cloudformation = project.client("cloudformation")
    storage, pipeline = (cloudformation.describe_stacks(StackName=name)["Stacks"][0] for name in STACKS)
    assert storage["EnableTerminationProtection"] is True
    assert pipeline["EnableTerminationProtection"] is False
    for stack in (storage, pipeline):
        tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
        assert tags.items() >= {"pipeline": "nyc-tlc", "environment": "local"}.items()
    job = f"arn:aws:glue:{project.endpoint['region']}:000000000000:job/nyc-tlc-local-prepare"
    of_job = project.client("glue").get_tags(ResourceArn=job)["Tags"]
    assert of_job.items() >= {"pipeline": "nyc-tlc", "environment": "local"}.items()
    before = keys(project)
    assert {key.split("/")[2] for key in before} == {
        "code",
        "datasets",
        "deployments.json",
        "templates",
        "wheels",
    }

    planned = project("python", "-m", "data_pipeline", "plan", "local", "--json", **deployer)
    assert planned.status == 0, planned.err
    told = json.loads(planned.out)
    assert (told["changes"], told["summary"], told["sections"]) == (False, "no resource changes", [])
    assert (told["environment"], told["account"], told["bucket"]) == ("local", "000000000000", "artifacts")
    for words in ((), ("--yes", "--json")):
        again = deploy(project, deployer, *words)
        assert again.status == 0, again.err
        assert "no changes" in again.err
        assert "upload" not in again.err
    assert json.loads(again.out) == {"environment": "local", "changed": False, "outputs": printed}
    assert keys(project) == before


def _a_changed_job_is_shown_as_an_update_and_applied(project: Project, deployer: Deployer) -> None:
    """Only the code's hash changes: one upload of the code, modified resources, no data in danger."""
    before = keys(project)
    script = project.root / "jobs" / "taxi" / "times.py"
    original = script.read_text()
    try:
        script.write_text(original + "\n# changed\n")
        refused = deploy(project, deployer)
        assert refused.status == 1
        assert "nyc-tlc-local-storage" not in refused.err
        assert "  ~ jobs/taxi/times.py\n" in refused.err
        assert "carry the new hash of code, packages or documents, and nothing\n" in refused.err
        assert "Other resources" not in refused.err
        assert "DATA LOSS" not in refused.err
        planned = project("python", "-m", "data_pipeline", "plan", "local", **deployer)
        assert planned.status == 2, planned.err
        assert planned.out in refused.err
        _a_reviewed_plan_is_refused_once_anything_has_moved(project, deployer, script)
        assert keys(project) == before
        done = deploy(project, deployer, "--plan", str(project.root / "plan.json"))
        assert done.status == 0, done.err
        applied = deploy(project, deployer, "--plan", str(project.root / "plan.json"))
        assert applied.status == 1
        assert "what would happen now is not what was reviewed" in applied.err
    finally:
        script.write_text(original)
        (project.root / "plan.json").unlink(missing_ok=True)
    assert statuses(project) == {STACKS[0]: "CREATE_COMPLETE", STACKS[1]: "UPDATE_COMPLETE"}
    new = {key.split("/")[2] for key in keys(project).keys() - before.keys()}
    assert new == {"code", "datasets"}, "the code, and beside the definitions which deployment made it"


def _a_reviewed_plan_is_refused_once_anything_has_moved(
    project: Project, deployer: Deployer, script: Path
) -> None:
    """A plan of the code before, and of another bucket; then that of now is written."""
    plan, file = ("python", "-m", "data_pipeline", "plan", "local", "--json"), project.root / "plan.json"
    file.write_text(project(*plan, **deployer).out)
    text = script.read_text()
    script.write_text(text + "\n# changed again\n")
    moved = deploy(project, deployer, "--plan", str(file))
    assert moved.status == 1
    assert f"{file}: what would happen now is not what was reviewed" in moved.err
    script.write_text(text)
    other = project("./deploy.sh", "local", "others", "--plan", str(file), **deployer)
    assert other.status == 1
    assert "is a plan with the bucket artifacts, and BUCKET is others" in other.err


def test_without_a_terminal_nothing_changes(project: Project, deployer: Deployer) -> None:
    """The whole plan is shown, the exit status is 1, and neither bucket, object nor stack is there afterwards."""
    done = deploy(project, deployer)
    assert done.status == 1
    assert "  + bucket artifacts: made (private, encrypted, versioned, TLS only)\n" in done.err
    assert "  + all of nyc-tlc-local-storage: " in done.err
    assert "      + 2 × AWS::StepFunctions::StateMachine\n" in done.err
    assert "there is no terminal to ask on; to apply this, add --yes" in done.err
    assert "error: nothing was changed." in done.err
    assert statuses(project) == {}
    assert project.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="two more deployments: `make soak` makes them")
def test_a_first_deployment_that_fails_is_mended_by_the_next(project: Project, deployer: Deployer) -> None:
    """The Glue job's name is taken: the failing resource and its reason, status 1; then it works."""
    glue = project.client("glue")
    name = "nyc-tlc-local-prepare"
    command = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://somewhere/else.py"}
    glue.create_job(Name=name, Role="arn:aws:iam::000000000000:role/other", Command=command)
    done = deploy(project, deployer, "--yes")
    assert done.status == 1
    assert "first failure: PrepareJob (AWS::Glue::Job):" in done.err
    assert "Traceback" not in done.err
    assert statuses(project) == {STACKS[0]: "CREATE_COMPLETE"}
    glue.delete_job(JobName=name)
    assert deploy(project, deployer, "--yes").status == 0
    assert statuses(project) == dict.fromkeys(STACKS, "CREATE_COMPLETE")


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="two more deployments: `make soak` makes them")
def test_a_template_too_large_for_a_request_goes_by_the_bucket(project: Project, deployer: Deployer) -> None:
    """Over 51,200 bytes: uploaded under its hash, deployed, and no change the second time."""
    project.configure("big", endpoint="embedded", schedule={"enabled": False}, tags=dict(_many_tags()))
    steps = {f"step_{n}": _step(n) for n in range(6)}
    project.configure("big", steps=steps)
    script = project.root / "jobs" / "notes.py"
    script.write_text("import sys\n\nprint(len(sys.argv))\n")
    project.ok("python", "data_pipeline_create.py", "big")
    body = (project.root / "templates" / "big-pipeline.yaml").read_bytes()
    assert len(body) > 51_200, len(body)
    try:
        first = deploy(project, deployer, "--yes", environment="big")
        assert first.status == 0, first.err
        assert [key for key in keys(project) if key.startswith("nyc-tlc/big/templates/")]
        again = deploy(project, deployer, environment="big")
        assert again.status == 0, again.err
        assert "no changes" in again.err
    finally:
        for path in (script, *project.root.glob("*/big*.yaml")):
            path.unlink()


def test_stale_templates_are_refused_with_the_command_that_mends_them(
    project: Project, deployer: Deployer
) -> None:
    """Before anything is sent to AWS."""
    template = project.root / "templates" / "local-pipeline.yaml"
    original = template.read_text()
    try:
        template.write_text(original + "# edited\n")
        done = deploy(project, deployer, "--yes")
    finally:
        template.write_text(original)
    assert done.status == 1
    assert "templates/local-pipeline.yaml" in done.err
    assert "python data_pipeline_create.py local" in done.err
    assert statuses(project) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("local",), ("BUCKET is missing", "--create-bucket", "./deploy.sh")),
        ((), ("./deploy.sh", "ENV")),
        (("local", "No_Bucket"), ("cannot be a bucket's name",)),
        (
            ("local", "my..b"),
            ("'my..b' cannot be a bucket's name: expected single dots; it has two in a row.",),
        ),
        (("local", "artifacts", "--force"), ("--force",)),
        (("loca", "artifacts"), ("loca", "local")),
    ],
)
def test_a_mistyped_command_says_what_is_wrong(
    project: Project, words: tuple[str, ...], said: tuple[str, ...]
) -> None:
    """Status 1 and no traceback, where nothing is deployed: a deployed environment knows its bucket."""
    lifecycle.reset(project.root / ".local" / "aws")
    done = project("./deploy.sh", *words)
    assert done.status == 1
    assert "Traceback" not in done.err
    for word in said:
        assert word in done.err


def test_on_a_terminal_it_asks(project: Project, deployer: Deployer) -> None:
    """The question comes after the plan; "n" leaves everything as it was, and ^C does too, with status 130."""
    for answer, status in (("n\n", 1), (INTERRUPT, 130)):
        ended, screen = on_terminal(project, deployer, answer)
        assert ended == status, screen
        assert "apply this? [y/N]" in screen
        assert screen.index("AWS::StepFunctions::StateMachine") < screen.index("apply this?")
        assert statuses(project) == {}


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="one more deployment: `make soak` makes it")
def test_on_a_terminal_yes_applies_it(project: Project, deployer: Deployer) -> None:
    """All is made."""
    ended, screen = on_terminal(project, deployer, "y\n")
    assert ended == 0, screen
    assert statuses(project) == dict.fromkeys(STACKS, "CREATE_COMPLETE")


def on_terminal(project: Project, deployer: Deployer, answer: str) -> tuple[int, str]:
    """The exit status and the screen of a deployment whose question is answered so."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        ["./deploy.sh", "local", "artifacts"],
        cwd=project.root,
        env={**project.variables, **deployer, "TERM": "xterm", "COLUMNS": "200"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(terminal)
    screen, answered, silent = b"", False, 0
    while True:
        if not select.select([controller], [], [], 2)[0]:
            silent += 1
            if silent > 30:
                process.kill()
                raise AssertionError(f"nothing new on the screen for 60 s:\n{screen.decode()}")
            if answered and answer == INTERRUPT:  # lost if it came before the prompt began to listen
                os.write(controller, answer.encode())
            continue
        silent = 0
        try:
            read = os.read(controller, 65536)
        except OSError:  # Linux: the other side has gone
            break
        if not read:
            break
        screen += read
        if not answered and b"[y/N]" in screen:
            os.write(controller, answer.encode())
            answered = True
    os.close(controller)
    return process.wait(timeout=60), screen.decode()


def _take_terminal() -> None:
    """Make the terminal the one that ^C comes from."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _many_tags() -> Iterator[tuple[str, str]]:
    return ((f"tag-{n:02}", "x" * 200) for n in range(20))


def _step(number: int) -> dict[str, object]:
    """One more job on Glue, after the one before."""
    after = f"step_{number - 1}" if number else "load"
    arguments = {f"note-{n}": "x" * 200 for n in range(40)}
    glue = {"runtime": "glue-pythonshell"}
    return {
        "script": "notes.py",
        "service": "glue",
        "glue": glue,
        "after": after,
        "arguments": arguments,
        "reads": ["input"],
        "writes": ["runs"],
    }


def test_the_script_needs_no_active_environment_and_follows_links(project: Project, tmp_path: Path) -> None:
    """.venv beside the script is used without VIRTUAL_ENV, by way of a link, from any directory."""
    link = tmp_path / "links" / "deploy"
    link.parent.mkdir()
    link.symlink_to(project.root / "deploy.sh")
    (project.root / ".venv").symlink_to(sys.prefix)
    try:
        done = project(str(link), "--help", cwd=tmp_path, VIRTUAL_ENV="")
    finally:
        (project.root / ".venv").unlink()
    assert done.status == 0, done.err
    assert "Usage: ./deploy.sh [OPTIONS] ENV BUCKET" in done.out.replace("[BUCKET]", "BUCKET")


def test_the_script_says_how_to_make_an_environment(project: Project) -> None:
    """Neither an active environment nor .venv: one line, no traceback."""
    done = project("./deploy.sh", "local", "artifacts", VIRTUAL_ENV="")
    assert done.status == 1
    assert done.err.startswith("error: no Python environment in ")
    assert "pip install -r requirements.txt" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("script", ["deploy.sh", ".ci/run"])
def test_shellcheck_has_nothing_to_say(script: str) -> None:
    """The few lines of bash are clean."""
    done = subprocess.run(
        [Path(sys.prefix) / "bin" / "shellcheck", ROOT / script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
