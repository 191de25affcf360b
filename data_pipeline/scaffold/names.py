"""The pattern that the paths of files follow: their period, the parts that tell series apart, and what just varies."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.pattern_tokens import TIMES
from data_pipeline.etl.documents.patterns import Match, Pattern

from . import dates_in_names
from .dates_in_names import Span

_TOKEN = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{12,}"
    r"|[0-9]+|[^\W\d_]+|.",
    re.DOTALL,
)
#: a number that says which piece of a whole a file is.
_PIECE = re.compile(r"(?:^|[-_.])(?:part|chunk|shard|split|batch|page|file)[-_.]?$", re.I)
_HIVE = re.compile(r"(?:^|/)([A-Za-z][A-Za-z0-9_]*)=$")
_MOST_VALUES = 1000
#: names that are compared with each other; the others are held against what those say, and added if they differ.
_MOST_NAMES = 5000
_ENDING = re.compile(r"(?:\.[A-Za-z][A-Za-z0-9]{0,9}){1,2}$")


@dataclass(frozen=True)
class Varying:
    """What stands at one place of the paths: a value for each path, in their order."""

    values: tuple[str, ...]
    name: str = ""


Token = str | Span | Varying


@dataclass(frozen=True)
class Naming:
    """``patterns``: of the same period and parts, none of which claims what another does. ``covered``, ``others``:
    the paths that they claim, and those that they do not. ``unsure``: sentences.
    """

    patterns: tuple[str, ...]
    covered: tuple[str, ...]
    others: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @cached_property
    def parsed(self) -> tuple[Pattern, ...]:
        return tuple(map(patterns.parse, self.patterns))

    @property
    def unit(self) -> str:
        """The finest word of time, or empty."""
        return self.parsed[0].unit

    @property
    def parts(self) -> tuple[str, ...]:
        return self.parsed[0].names

    def match(self, path: str) -> Match:
        """What a covered path says."""
        return next(match for each in self.parsed if (match := each.match(path)))


def naming(paths: Iterable[str], taken: frozenset[str] = frozenset()) -> Naming:
    """The patterns of ``paths``, of which there is at least one. ``taken``: names of columns, which no part may have.

    Files that lie deeper or end otherwise have a pattern of their own; those whose pattern has another period or
    other parts than that of most are ``others``.
    """
    given = sorted(set(paths))
    few = given[:: max(1, len(given) // _MOST_NAMES)]
    found, unsure = _patterns(few, taken)
    if len(few) < len(given) and (missed := [path for path in given if not _claimed(path, found)]):
        few = sorted({*few, *missed[:_MOST_NAMES]})
        found, unsure = _patterns(few, taken)
    covered = tuple(path for path in given if _claimed(path, found))
    known = set(covered)
    others = tuple(path for path in given if path not in known)
    return Naming(tuple(map(str, found)), covered, others, tuple(dict.fromkeys(unsure)))


def _claimed(path: str, found: Iterable[Pattern]) -> bool:
    return any(each.match(path) for each in found)


def _patterns(paths: Sequence[str], taken: frozenset[str]) -> tuple[list[Pattern], list[str]]:
    """The patterns of the same period and parts, that of most paths first, and what is unsure about them."""
    groups: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for path in paths:
        groups[path.count("/"), ending(path)].append(path)
    found: list[Pattern] = []
    unsure: list[str] = []
    for group in sorted(groups.values(), key=len, reverse=True):
        pattern, doubts = _of_group(group, taken)
        first = found[0] if found else pattern
        same = (pattern.unit, set(pattern.names)) == (first.unit, set(first.names))
        if same and not any(patterns.overlap(pattern, other) for other in found):
            found.append(pattern)
            unsure += doubts
    return found, unsure


def ending(path: str) -> str:
    """``.csv.gz`` of a path, in lower case."""
    found = _ENDING.search(path.rpartition("/")[2])
    return found[0].lower() if found else ""


def _of_group(paths: Sequence[str], taken: frozenset[str]) -> tuple[Pattern, list[str]]:
    """One pattern for paths of one depth and ending; at worst one of wildcards."""
    found = dates_in_names.dates(paths)
    dated = [path for path in paths if path in found.spans]
    cut = {path: _pieces(path, found.spans[path]) for path in dated}
    shape = Counter(_shape(pieces) for pieces in cut.values()).most_common(1)[0][0]
    alike = [path for path in dated if _shape(cut[path]) == shape]
    times = [[each for each in cut[path] if isinstance(each, Span)] for path in alike]
    texts = [[each for each in cut[path] if isinstance(each, str)] for path in alike]
    tokens: list[Token] = []
    for at in range(len(texts[0])):
        aligned = _aligned([row[at] for row in texts])
        if at and aligned and isinstance(aligned[0], str) and (minutes := re.match("[0-9]+", aligned[0])):
            aligned[:1] = [Varying((minutes[0],) * len(alike)), aligned[0][minutes.end() :]]
        tokens += aligned
        if at < len(times[0]):
            tokens.append(times[0][at])
    wide = {span.word for row in times for span in row if span.word != "year" and span.end - span.start < 2}
    periods = Counter(tuple(path[span.start : span.end] for span in found.spans[path]) for path in alike)
    named = _named(tokens, _Place(bool(found.words), len(periods) < len(alike), len(alike)), taken)
    unsure = []
    if found.either:
        unsure.append(f"day and month in names such as {alike[0]} could be the other way round")
    text = _text(named, wide)
    made = patterns.parse(text)
    invented = [name for name in made.names if not re.search(rf"{name}=\{{", text)]
    for name in invented:
        values = {match.parts[name] for path in alike if (match := made.match(path))}
        shown = ", ".join(sorted(values)[:3]) + (", …" if len(values) > 3 else "")
        unsure.append(f"the part {{{name}}} of the names ({shown}) is named by the tool: name it as you like")
    return made, unsure


def _pieces(path: str, spans: Sequence[Span]) -> list[str | Span]:
    """Text, span, text, … of a path: it begins and ends with a text, which may be empty."""
    found: list[str | Span] = []
    at = 0
    for span in sorted(spans):
        found += [path[at : span.start], span]
        at = span.end
    return [*found, path[at:]]


def _shape(pieces: Sequence[str | Span]) -> tuple[str | int, ...]:
    """What paths of one pattern share: the order of the words of time, and how many folders lie between them."""
    return tuple(each.word if isinstance(each, Span) else each.count("/") for each in pieces)


def _aligned(texts: Sequence[str]) -> list[Token]:
    """The texts, with as many ``/`` each, as literal texts and what varies between them."""
    found: list[Token] = []
    for at, segment in enumerate(zip(*(text.split("/") for text in texts), strict=True)):
        found += ["/"] if at else []
        found += _segment(segment)
    return _joined(found)


def _segment(values: Sequence[str]) -> list[Token]:
    if len(set(values)) == 1 and (key := re.match(r"[A-Za-z][A-Za-z0-9_]*=(?=.)", values[0])):
        return [key[0], Varying(tuple(value[key.end() :] for value in values))]
    rows = [_TOKEN.findall(value) for value in values]
    if len({tuple(map(_class, row)) for row in rows}) == 1:
        return _columns([*zip(*rows, strict=True)])
    shortest = min(map(len, rows))
    ahead = next((at for at in range(shortest) if len({row[at] for row in rows}) > 1), shortest)
    behind = next(
        (at for at in range(shortest - ahead) if len({row[-1 - at] for row in rows}) > 1), shortest - ahead
    )
    middle = Varying(tuple("".join(row[ahead : len(row) - behind]) for row in rows))
    ends = "".join(rows[0][len(rows[0]) - behind :])
    return _joined(["".join(rows[0][:ahead]), middle, ends])


def _columns(columns: Sequence[Sequence[str]]) -> list[Token]:
    """Of texts that are alike token by token. A number behind ``part-`` varies, even where so far it did not; so does
    a hash.
    """
    found: list[Token] = []
    before = ""
    for column in columns:
        token = column[0]
        odd = (token.isdigit() and _PIECE.search(before)) or _class(token) == "hash"
        varies = odd or len(set(column)) > 1
        found.append(Varying(tuple(column)) if varies else token)
        before += token
    return _joined(found)


def _class(token: str) -> str:
    if token.isdigit():
        return "digits"
    if len(token) > 11 and re.fullmatch("[0-9a-f-]+", token) and re.search("[0-9]", token):
        return "hash"
    return "word" if token.isalpha() else token


def _joined(tokens: Sequence[Token]) -> list[Token]:
    """Neighbours of a kind as one."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        if token == "":
            continue
        if isinstance(token, str) and isinstance(last, str):
            found[-1] = last + token
        elif isinstance(token, Varying) and isinstance(last, Varying):
            found[-1] = Varying(tuple(map("".join, zip(last.values, token.values, strict=True))))
        else:
            found.append(token)
    return found


class _Place(NamedTuple):
    """Of a group of paths: have they dates, has a period several, how many are they."""

    dated: bool
    shared: bool
    files: int


def _named(tokens: Sequence[Token], place: _Place, taken: frozenset[str]) -> list[Token]:
    """Names for what tells series apart; what varies without one is a wildcard."""
    last_slash = max(
        (at for at, each in enumerate(tokens) if isinstance(each, str) and "/" in each), default=-1
    )
    last_time = max((at for at, each in enumerate(tokens) if isinstance(each, Span)), default=-1)
    found: list[Token] = []
    names: set[str] = set()
    for at, token in enumerate(tokens):
        if not isinstance(token, Varying):
            found.append(token)
            continue
        before = tokens[at - 1] if at and isinstance(tokens[at - 1], str) else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        assert isinstance(before, str)
        key = _HIVE.search(before)
        in_folder = at < last_slash
        name = key[1].lower() if key else ("folder" if in_folder else "kind")
        loose = isinstance(after, Varying)
        if loose or not (key or _tells_series_apart(token, before, in_folder, place, at > last_time)):
            name = ""
        if name in names or name in taken or name in (*TIMES, "date"):
            name = "" if key else _other(name, names | taken)
        names |= {name} - {""}
        found.append(Varying(token.values, name))
    return found


def _other(name: str, taken: Iterable[str]) -> str:
    return next(f"{name}_{n}" for n in range(2, 100) if f"{name}_{n}" not in set(taken))


def _tells_series_apart(token: Varying, before: str, in_folder: bool, place: _Place, behind: bool) -> bool:
    """Whether values are what several files share, and no hashes or numbers of pieces. ``behind``: no word of time
    stands behind it.
    """
    values = set(token.values)
    if _PIECE.search(before) or any(_class(value) == "hash" or not value for value in values):
        return False
    again = len(values) * 2 <= place.files
    if not 2 <= len(values) <= _MOST_VALUES or not (place.dated or in_folder):
        return False
    if not all(value.isdigit() for value in values):
        return again or (place.dated and place.shared)
    numbers = sorted(map(int, values))
    in_a_row = numbers[0] in (0, 1) and numbers[-1] - numbers[0] + 1 == len(numbers)
    return again and not in_a_row and (in_folder or not behind)


def _text(tokens: Sequence[Token], short: set[str]) -> str:
    """The pattern's text. ``short``: the words of time that some path writes with one digit."""
    found = ""
    for at, token in enumerate(tokens):
        if isinstance(token, str):
            found += re.sub(r"[{}*?\[\]\\]|[^\x20-\U0010ffff]", "?", token)
        elif isinstance(token, Varying):
            found += f"{{{token.name}}}" if token.name else "*"
        else:
            beside = [tokens[other] for other in (at - 1, at + 1) if 0 <= other < len(tokens)]
            tight = any(not isinstance(each, str) for each in beside)
            tight |= isinstance(beside[-1], str) and len(beside) > 1 and beside[-1][:1].isdigit()
            tight |= isinstance(beside[0], str) and at > 0 and beside[0][-1:].isdigit()
            fixed = token.word != "year" and tight and token.word not in short
            found += f"{{{token.word}:02}}" if fixed else f"{{{token.word}}}"
    return found
