"""The disk space that files in work share."""

import contextlib
import threading

import pytest

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.storage.scratch import GIB, Scratch


def test_no_more_than_the_limit_is_held_at_once():
    """Forty threads with pieces of different sizes never hold more than the limit, and all get their turn."""
    scratch, seen = Scratch(100), []

    def work(size):
        with scratch.room(size):
            seen.append(scratch.used)

    threads = [threading.Thread(target=work, args=(10 + 9 * (n % 11),)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 40
    assert max(seen) <= 100
    assert scratch.used == 0


def test_who_finds_no_room_waits_for_it():
    """The second half waits until the first is given back, also when it is given back by an error."""
    scratch, inside, entered = Scratch(10), threading.Event(), threading.Event()

    def second():
        inside.set()
        with scratch.room(6):
            entered.set()

    thread = threading.Thread(target=second)
    with contextlib.suppress(KeyError), scratch.room(6):
        thread.start()
        inside.wait(30)
        assert not entered.wait(0.2)
        raise KeyError
    thread.join(30)
    assert entered.is_set()


def test_a_file_that_will_never_fit_is_refused():
    """It says how large it is and which argument to raise, and holds nothing."""
    scratch = Scratch(2 * GIB)
    with pytest.raises(FileError) as caught, scratch.room(3 * GIB):
        pass
    assert str(caught.value) == "its 3.0 GiB are more than the 2.0 that --scratch-gb allows"
    assert scratch.used == 0
