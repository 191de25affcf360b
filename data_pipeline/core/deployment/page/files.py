"""Code as the files that changed: what the artifact bucket holds of the deployed code, against what is here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .entries import ADDED, CHANGED, REMOVED, Entry

#: the folder of the tool's own code among what is shipped.
_TOOL = "data_pipeline/"
#: made of the other files.
_MADE = ".whl"
_SHOWN = 20


@dataclass(frozen=True)
class Stored:
    """An object as a listing tells of it; ``md5`` is empty where its ETag is none."""

    size: int
    md5: str = ""


def stored(size: int, etag: str) -> Stored:
    """An ETag is the MD5 of the content, unless that came in parts or under a key of KMS."""
    plain = etag.strip('"')
    return Stored(size, plain if len(plain) == 32 and "-" not in plain else "")


def entries(
    before: Mapping[str, Stored], after: Mapping[str, bytes], encrypted: bool = False
) -> Iterator[Entry]:
    """The project's files that are new, gone and changed, the first of them; the tool's own in one entry.

    ``encrypted``: the bucket's ETags say nothing of contents, so that sizes alone are compared.
    """
    changed = [
        name
        for name, content in after.items()
        if name in before and not _same(before[name], content, encrypted)
    ]
    signs = dict.fromkeys((name for name in after if name not in before), ADDED)
    signs |= dict.fromkeys((name for name in before if name not in after), REMOVED)
    signs |= dict.fromkeys(changed, CHANGED)
    signs = {name: sign for name, sign in sorted(signs.items()) if not name.endswith(_MADE)}
    own = {name: sign for name, sign in signs.items() if not name.startswith(_TOOL)}
    for name, sign in list(own.items())[:_SHOWN]:
        yield Entry(sign, f"jobs/{name}")
    if len(own) > _SHOWN:
        yield Entry(CHANGED, f"and {len(own) - _SHOWN:,} more files")
    if count := len(signs) - len(own):
        yield Entry(CHANGED, f"the tool's own code: {'1 file' if count == 1 else f'{count:,} files'}")


def _same(before: Stored, content: bytes, encrypted: bool) -> bool:
    if before.size != len(content):
        return False
    if encrypted or not before.md5:
        return True
    return before.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
