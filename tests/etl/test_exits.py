"""How jobs end: status, exit message and last line, alone and under bootstrap.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data_pipeline.etl import exits
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import bootstrap

JOBS = Path(bootstrap.__file__).parent


def fail(error: Exception):
    def job(_):
        raise error

    return job


def test_an_error_of_the_user_leaves_as_one_line(tmp_path, monkeypatch):
    """A JobError becomes SystemExit with its line (which Glue shows) and the exit message."""
    monkeypatch.setattr(exits.write_message, "__defaults__", (tmp_path / "message",))
    with pytest.raises(SystemExit) as caught:
        exits.run(fail(JobError("s3://b/in: nothing there\n  upload  some")), [])
    assert caught.value.code == "error: s3://b/in: nothing there upload some"
    assert (tmp_path / "message").read_text() == caught.value.code


def test_the_message_has_the_end_of_the_log(tmp_path, monkeypatch):
    """The newest lines that fit, below the last words; of an earlier job nothing."""
    monkeypatch.setattr(exits.write_message, "__defaults__", (tmp_path / "message",))

    def job(_):
        for number in range(12):
            exits.log(f"line {number}\nof the log " + "x" * 200)
        exits.log("nearly done")
        raise JobError("the disk is full")

    exits.log("of an earlier job")
    with pytest.raises(SystemExit, match=r"^error: the disk is full$"):
        exits.run(job, [])
    first, *log = (tmp_path / "message").read_text().splitlines()
    assert first == "error: the disk is full"
    assert log[-1] == "log: nearly done"
    assert [line[:16] for line in log[:-1]] == [f"log: line {n} of the"[:16] for n in range(8, 12)]
    assert (tmp_path / "message").stat().st_size <= 1024


def test_a_bug_keeps_its_traceback_and_leaves_a_message(tmp_path, monkeypatch):
    """Another exception is not swallowed, and the exit message names it."""
    monkeypatch.setattr(exits.write_message, "__defaults__", (tmp_path / "message",))
    with pytest.raises(ZeroDivisionError):
        exits.run(fail(ZeroDivisionError("by\nzero")), [])
    assert (tmp_path / "message").read_text() == "ZeroDivisionError: by zero"


def test_a_message_is_cut_to_a_kilobyte_between_characters(tmp_path):
    """At most 1,024 bytes, and no half of a character at the end; without the folder nothing is written."""
    exits.write_message("é" * 2000, tmp_path / "message")
    assert (tmp_path / "message").read_text("utf-8") == "é" * 512
    exits.write_message("x", tmp_path / "missing" / "message")
    assert not (tmp_path / "missing").exists()


def script(folder: Path, text: str) -> str:
    (folder / "script.py").write_text(text)
    return str(folder / "script.py")


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("print('fine')", 0, None),
        ("import sys; sys.exit('error: no input')", 1, "error: no input"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("import nowhere", 1, "ModuleNotFoundError: No module named 'nowhere'"),
        ("import os; os._exit(3)", 3, "the job ended with status 3 and said nothing"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            137,
            "error: the job was ended by SIGKILL: most likely the machine's memory was used up",
        ),
    ],
)
def test_bootstrap_leaves_the_last_words_of_the_script(tmp_path, text, status, message):
    """The script's status is returned, and its last line on standard error is the exit message if it left
    none.
    """
    target = tmp_path / "message"
    assert bootstrap.main(script(tmp_path, text), [], tmp_path / "wheels", target) == status
    assert (target.read_text() if target.exists() else None) == message


def test_bootstrap_does_not_replace_a_message_of_the_script(tmp_path):
    """What the script itself has left stands; a message from an earlier job does not."""
    target = tmp_path / "message"
    target.write_text("stale")
    text = f"import sys; open({str(target)!r}, 'w').write('mine'); sys.exit('other')"
    assert bootstrap.main(script(tmp_path, text), [], tmp_path / "wheels", target) == 1
    assert target.read_text() == "mine"
    bootstrap.main(script(tmp_path, ""), [], tmp_path / "wheels", target)
    assert not target.exists()


def test_bootstrap_passes_arguments_and_installs_nothing_for_an_empty_lock(tmp_path):
    """A lock with only comments and options needs no pip; arguments reach the script as they are."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "requirements.txt").write_text("# nothing\n--no-index\n\n")
    text = f"import sys; open({str(tmp_path / 'seen')!r}, 'w').write(repr(sys.argv[1:]))"
    assert bootstrap.main(script(tmp_path, text), ["--a", "b c"], wheels, tmp_path / "message") == 0
    assert (tmp_path / "seen").read_text() == "['--a', 'b c']"


def test_bootstrap_stops_before_the_script_if_a_wheel_is_missing(tmp_path):
    """A lock that names a package whose wheel is not there fails with pip's reason, without any index."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "requirements.txt").write_text("nosuchpackage==1 --hash=sha256:" + "0" * 64 + "\n")
    text = f"open({str(tmp_path / 'ran')!r}, 'w')"
    assert bootstrap.main(script(tmp_path, text), [], wheels, tmp_path / "message") != 0
    assert not (tmp_path / "ran").exists()
    assert "nosuchpackage" in (tmp_path / "message").read_text()


def test_bootstrap_submits_to_spark_where_the_image_can(tmp_path, monkeypatch):
    """SageMaker's smspark-submit joins its arguments into a line for a shell: they reach the script whole."""
    submit = tmp_path / "bin" / "smspark-submit"
    submit.parent.mkdir()
    submit.write_text(f'#!/bin/sh\nexec sh -c "{sys.executable} $*"\n')
    submit.chmod(0o755)
    monkeypatch.setenv("PATH", str(submit.parent), prepend=os.pathsep)
    text = f"import sys; open({str(tmp_path / 'seen')!r}, 'w').write(repr(sys.argv[1:]))"
    given = ["--rule", "fail 0.5", "--x", 'it\'s $HOME; `ls` * "q"', ""]
    assert bootstrap.main(script(tmp_path, text), given, tmp_path / "wheels", tmp_path / "message") == 0
    assert (tmp_path / "seen").read_text() == repr(given)


def test_a_request_to_stop_reaches_the_script(tmp_path):
    """SIGTERM to bootstrap, as SageMaker sends it, ends the script too."""
    path = script(tmp_path, "import time; print('up', flush=True); time.sleep(60)")
    command = [sys.executable, str(JOBS / "bootstrap.py"), path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    process.stdout.close()
