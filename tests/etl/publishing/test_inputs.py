"""Data files as copies of this machine."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

from data_pipeline.etl.publishing import inputs


def test_several_data_files_are_fetched_at_a_time(tmp_path, monkeypatch):
    """Each once, in their order; all go when the copies go."""
    together = threading.Barrier(inputs.FETCHES, timeout=20)
    held: set[str] = set()

    @contextmanager
    def fetched(place, _, folder):
        together.wait()
        held.add(place)
        yield folder / place
        held.remove(place)

    monkeypatch.setattr(inputs, "storage", lambda _: SimpleNamespace(fetched=fetched))
    places = [str(number) for number in range(inputs.FETCHES)]
    with ExitStack() as stack:
        copies = inputs.Copies(tmp_path, stack)
        for _ in range(2):
            assert copies.fetched(places) == [str(tmp_path / place) for place in places]
        assert held == {*places}
    assert not held
