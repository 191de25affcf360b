"""Keys that earlier versions had: each is refused where it stands, with what takes its place; pure."""

from __future__ import annotations

from data_pipeline.core.problems import Path, Violation

#: what stands for any name in a path.
_ANY = "*"
_FOUND = "a key that is gone"
#: path → what was found, what is expected in its place, and what to do.
_GONE: dict[tuple[str, ...], tuple[str, str]] = {
    ("data", "files"): (
        "the patterns of 'datasets', which say what a file is",
        "remove the line; 'data' may be left out, too",
    ),
    ("sources", _ANY, "datasets"): (
        "the values in the URL, as in {shop:north|south}, and the first period of each in 'since'",
        "write 'since' for 'datasets', and list its names in the URL",
    ),
}


def violation(path: Path) -> Violation | None:
    """What to say of the key at ``path``, if an earlier version had it."""
    for gone, (expected, advice) in _GONE.items():
        if len(gone) == len(path) and all(one in (_ANY, key) for one, key in zip(gone, path, strict=True)):
            return Violation(path, _FOUND, expected, advice)
    return None
