"""The names that columns get: those of the file, as Athena can name them without quotes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from data_pipeline.etl.documents.datasets import RESERVED

_LONGEST = 255
#: words of names of files that say nothing of what is in them.
_NO_NAMES = frozenset(["part", "data", "file", "files", "export", "batch", "chunk", "page", "dt"])


def column_names(named: Iterable[str], taken: Iterable[str] = ()) -> Mapping[str, str]:
    """What a file calls its columns, each once → the columns' names. None is one of ``taken``."""
    found: dict[str, str] = {}
    used = {*taken, *RESERVED}
    given = [*dict.fromkeys(named)]
    for name in sorted(given, key=lambda each: _plain(each) != each):  # one that is right keeps its name
        base = _plain(name) or f"column_{given.index(name) + 1}"
        found[name] = next(each for each in _numbered(base) if each not in used)
        used.add(found[name])
    return {name: found[name] for name in given}


def dataset_name(pattern: str, where: str) -> str:
    """What files are called: by the first word of their pattern, or else by the folder that they were found in."""
    bare = re.sub(r"\{[^}]*\}|[A-Za-z]+=", "", pattern.split(".")[0])
    words = [
        word
        for word in re.findall("[A-Za-z]+(?:_[A-Za-z]+)*", bare)
        if word.lower() not in _NO_NAMES and len(word) > 1
    ]
    folder = where.rstrip("/").rpartition("/")[2].split(".")[0]
    name = next((plain for word in (*words[:1], folder) if (plain := _plain(word))), "records")
    return name.removesuffix("_versions")


def _numbered(base: str) -> Iterable[str]:
    yield base
    for number in range(2, 10_000):
        yield f"{base[: _LONGEST - 6]}_{number}"


def _plain(name: str) -> str:
    """Lower-case letters, digits and ``_``, a letter first; empty if nothing is left."""
    bare = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", bare)
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    if plain and not plain[0].isalpha():
        plain = f"c_{plain}"
    return plain[:_LONGEST]
