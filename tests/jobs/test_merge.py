"""Which run's rows of a source are published: every case of counted, failed, published and present."""

import pytest
from tlc.merge import choose


@pytest.mark.parametrize(
    ("mine", "failed", "published", "now", "chosen"),
    [
        ("a", None, None, "a", "mine"),
        ("a", None, "a", "a", "mine"),
        ("b", None, "a", "b", "mine"),  # re-issued, and read by this run
        ("a", None, "b", "b", "published"),  # re-issued since the plan, and another run has read it
        ("a", None, None, "b", "mine"),  # re-issued since the plan, and nobody has read it yet
        ("a", None, "c", "b", "mine"),
        ("a", None, "a", None, None),  # gone
        ("a", None, None, None, None),
        (None, None, "a", None, None),
        (None, None, "a", "a", "published"),  # came after this run's plan
        (None, None, "a", "b", None),
        (None, "a", "a", "a", None),  # this run has found that it cannot be read
        (None, "b", "a", "b", None),
        (None, "a", "b", "b", "published"),
        (None, "a", None, "a", None),
    ],
)
def test_each_case(mine, failed, published, now, chosen):
    """The version in the input now wins; one that nobody has read leaves what this run has."""
    texts = (mine, failed, published, now)
    choice = choose(*({} if etag is None else {"x": etag} for etag in texts))
    assert ("x" in choice.mine, "x" in choice.published) == (chosen == "mine", chosen == "published")
