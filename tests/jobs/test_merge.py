"""Which run's rows of a source are published: every case of counted, failed, removed, published and present."""

import pytest
from taxi.merge import choose


@pytest.mark.parametrize(
    ("mine", "failed", "published", "now", "chosen"),
    [
        ("a", None, None, "a", "mine"),
        ("a", None, "a", "a", "mine"),
        ("b", None, "a", "b", "mine"),  # re-issued, and read by this run
        ("a", None, "b", "b", "published"),  # re-issued since the plan, and another run has read it
        ("a", None, None, "b", "mine"),  # re-issued since the plan, and nobody has read it yet
        ("a", None, "c", "b", "mine"),
        ("a", None, "a", None, "mine"),  # deleted since: its counts are kept
        ("a", None, "b", None, "published"),
        ("a", None, None, None, None),  # deleted, and perhaps pruned by another run
        (None, None, "a", None, "published"),  # no business of this run
        (None, None, "a", "a", "published"),
        (None, None, "a", "b", "published"),
        (None, "a", "a", "a", "gone"),  # this run has found that it cannot be read
        (None, "b", "a", "b", "gone"),
        (None, "a", "b", "b", "published"),
        (None, "a", "b", None, "published"),
        (None, "a", None, "a", None),
    ],
)
def test_each_case(mine, failed, published, now, chosen):
    """The version in the input now wins; one that nobody has read leaves what this run has."""
    texts = (mine, failed, published, now)
    counted, unreadable, before, present = ({} if etag is None else {"x": etag} for etag in texts)
    choice = choose(counted, unreadable, frozenset(), before, present)
    assert choice.mine == ({"x"} if chosen == "mine" else set())
    assert choice.gone == ({"x"} if chosen == "gone" else set())


@pytest.mark.parametrize(("now", "goes"), [(None, True), ("a", False), ("b", False)])
def test_what_is_to_be_pruned_goes_unless_it_came_back(now, goes):
    """An object that lies in the input again, in whatever version, is left to the run that reads it."""
    present = {} if now is None else {"x": now}
    assert choose({}, {}, frozenset({"x"}), {"x": "a"}, present).gone == ({"x"} if goes else set())
