"""The types of columns of texts, as CSV files have them, and how the files write what they hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from data_pipeline.etl.documents.types import Primitive

from . import number_types, time_types
from .guesses import Conventions, Guess, Texts, amount, mostly
from .time_types import Form

#: words that stand for no value, in lower case; counted as such only among values of another kind.
_NULL_WORDS = frozenset(
    [
        "na",
        "n/a",
        "#n/a",
        "null",
        "none",
        "nan",
        "nil",
        "-",
        "--",
        "?",
        ".",
        "\\n",
        "missing",
        "unknown",
        "(null)",
    ]
)
_COMMA = re.compile("[+-]?(?:[0-9]+|[0-9]*,[0-9]+)")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:([.,' ])[0-9]{3})+(?:[.,][0-9]+)?")
_SIGNED = re.compile("[+-]?[$€£¥] ?[0-9.,]+|[+-]?[0-9.,]+ ?[$€£¥%]")
_FEW, _SHORT = 5, 20
_PERSONAL = re.compile("mail|phone|tel|mobile|name|address|street|birth|ssn|passport|iban|(^|_)ip($|_)", re.I)


@dataclass(frozen=True)
class Column:
    """A column's texts without those that are null, and their kind: boolean, number, comma, time, string or empty."""

    texts: Texts
    kind: str
    rows: int
    missing: int
    form: Form | None = None

    @property
    def name(self) -> str:
        return self.texts.name


def conventions(columns: Sequence[Texts], delimiter: str = ",") -> Conventions:
    """How the files of these columns write null, fractions, dates and times."""
    nulls, unsure = _nulls(columns)
    looked = [looked_at(each, nulls) for each in columns]
    commas = [each for each in looked if each.kind == "comma"]
    points = [
        each for each in looked if each.kind == "number" and any("." in text for text in each.texts.counts)
    ]
    decimal = "," if delimiter != "," and len(commas) > len(points) else "."
    date, day_doubts = _format(looked, ("date",))
    stamp, doubts = _format(looked, ("timestamp", "timestamptz"))
    return Conventions(nulls, decimal, date, stamp, (*unsure, *day_doubts, *doubts))


def looked_at(column: Texts, nulls: Sequence[str]) -> Column:
    """The column without what is null."""
    kept = {text: rows for text, rows in column.counts.items() if text not in nulls}
    rows, there = sum(column.counts.values()), sum(kept.values())
    periods = {p: {t: n for t, n in each.items() if t not in nulls} for p, each in column.by_period.items()}
    texts = replace(column, counts=kept, by_period=periods)
    kind, form = _kind(texts)
    return Column(texts, kind, rows, rows - there, form)


def guess(column: Column, written: Conventions) -> Guess:
    """The column's type in files that write things so."""
    null, name, counts = column.missing > 0, column.name, column.texts.counts
    if column.kind == "empty":
        said = f"{name}: no value in the rows looked at; a string, until you know"
        return Guess(Primitive("string"), True, "always empty", (said,))
    if column.kind == "boolean":
        return _with_faults(Guess(Primitive("boolean"), null, "true and false"), column, _is_boolean)
    if column.kind == "number" or (column.kind == "comma" and written.decimal == ","):
        if column.kind == "number" and written.decimal == "," and any("." in text for text in counts):
            return _text(column, f"{name}: numbers with a point among columns with a decimal comma: a string")
        return _numbers(column, written)
    if column.form is not None:
        return _time(column, column.form, written)
    return _text(column)


def _nulls(columns: Sequence[Texts]) -> tuple[tuple[str, ...], list[str]]:
    """The empty text, and the null words that stand among values of another kind."""
    found: dict[str, list[str]] = {}
    for column in columns:
        words = [text for text in column.counts if text.lower() in _NULL_WORDS]
        if words and looked_at(column, ("", *words)).kind not in ("string", "empty"):
            for word in words:
                found.setdefault(word, []).append(column.name)
    unsure = [
        f"{word!r} is taken as null, as in {', '.join(names[:3])}; it is so in every column"
        for word, names in found.items()
    ]
    return ("", *found), unsure


def _kind(texts: Texts) -> tuple[str, Form | None]:
    counts = texts.counts
    rows = sum(counts.values())
    if not rows:
        return "empty", None
    if mostly(sum(n for text, n in counts.items() if _is_boolean(text)), rows):
        return "boolean", None
    numbers = sum(n for text, n in counts.items() if number_types.is_number(text))
    if mostly(numbers, rows):
        eight = all(re.fullmatch("(?:19|20)[0-9]{6}", text) for text in counts)
        if eight and number_types.may_be_days(texts.name) and (form := time_types.form(texts)):
            return "time", form
        return "number", None
    if mostly(sum(n for text, n in counts.items() if _COMMA.fullmatch(text)), rows) and _is_fraction(counts):
        return "comma", None
    form = time_types.form(texts)
    return ("string", None) if form is None else ("time", form)


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_fraction(counts: Mapping[str, int]) -> bool:
    """Whether commas stand before fractions: some number has not three digits behind it, or many before it."""
    return any(
        re.search(",[0-9]{1,2}$|,[0-9]{4,}$|^[+-]?0?,|[0-9]{4,},", text) for text in counts if "," in text
    )


def _format(columns: Sequence[Column], kinds: tuple[str, ...]) -> tuple[str, list[str]]:
    """The one format that most columns of these kinds have, and what is unsure about it."""
    forms = [each.form for each in columns if each.form is not None and each.form.kind in kinds]
    if not forms:
        return "", []
    chosen = Counter(form.format for form in forms).most_common(1)[0][0]
    swapped = next((form.swapped for form in forms if form.format == chosen and form.swapped), "")
    names = [
        each.name for each in columns if each.form and each.form.format == chosen and each.form.kind in kinds
    ]
    if not swapped or any(form.format == chosen and not form.swapped for form in forms):
        return chosen, []
    return chosen, [f'{", ".join(names[:3])}: could be "{swapped}" as well as "{chosen}": no day is above 12']


def _numbers(column: Column, written: Conventions) -> Guess:
    counts: Counter[str] = Counter()
    for text, rows in column.texts.counts.items():
        plain = text.replace(",", ".") if written.decimal == "," else text
        if number_types.is_number(plain):
            counts[plain] += rows
    found = number_types.guess(column.name, counts, column.missing > 0)
    if written.decimal == ",":
        found = replace(found, about=found.about.replace(".", ","))
    if found.type == Primitive("string"):
        return found
    return _with_faults(
        found, column, lambda text: number_types.is_number(text.replace(written.decimal, "."))
    )


def _time(column: Column, form: Form, written: Conventions) -> Guess:
    format_ = written.date if form.kind == "date" else written.timestamp
    null, name = column.missing > 0, column.name
    if form.format != format_:
        had = f'"{form.format}"' if form.format else "ISO 8601"
        other = f'"{format_}"' if format_ else "ISO 8601"
        return _text(
            column, f"{name}: {form.kind}s as {had}, and other columns have {other}: a string, for your sql"
        )
    unsure: tuple[str, ...] = ()
    if form.kind == "timestamp":
        unsure = (
            f"{name}: times without an offset; for instants write timestamptz, and the data set's timezone",
        )
    found = [text for text in column.texts.counts if time_types.is_of(text, form)]
    about = f"as {format_}" if format_ else f"{min(found)[:10]} to {max(found)[:10]}"
    return _with_faults(
        Guess(Primitive(form.kind), null, about, unsure), column, frozenset(found).__contains__
    )


def _with_faults(found: Guess, column: Column, fits: Callable[[str], bool]) -> Guess:
    wrong = {text: rows for text, rows in column.texts.counts.items() if not fits(text)}
    unsure = found.unsure
    if wrong:
        said = f"{amount(sum(wrong.values()), 'row')} with no {found.type}, such as {min(wrong)[:40]!r}"
        unsure = (f"{column.name}: {said}; such rows are refused", *unsure)
    if column.missing and column.missing * 100 <= column.rows:
        said = f"{amount(column.missing, 'row')} of {column.rows:,} without a value"
        unsure = (*unsure, f"{column.name}: {said}; without ? such rows are refused")
    return replace(found, unsure=unsure)


def _text(column: Column, *unsure: str) -> Guess:
    counts, name = column.texts.counts, column.name
    said = [*unsure]
    if mostly(sum(n for text, n in counts.items() if _THOUSANDS.fullmatch(text)), sum(counts.values())):
        said.append(
            f"{name}: numbers with a sign between thousands, or a decimal comma: a string, for your sql"
        )
    if mostly(sum(n for text, n in counts.items() if _SIGNED.fullmatch(text)), sum(counts.values())):
        said.append(f"{name}: numbers with a sign of money or per cent: a string, for your sql")
    private = bool(_PERSONAL.search(name))
    if private:
        said.append(f"{name}: if it is personal data, add pii: hash or pii: drop")
    few = len(counts) <= _FEW and column.rows >= 4 * _FEW and all(len(text) <= _SHORT for text in counts)
    if few and not private:
        about = "always " if len(counts) == 1 else ""
        about += ", ".join(sorted(counts))
    elif len(counts) == column.rows - column.missing and len(counts) > 1:
        about = f"{len(counts):,} texts, all different"
    else:
        about = "always the same text" if len(counts) == 1 else f"{len(counts):,} different texts"
    found = _with_faults(Guess(Primitive("string"), column.missing > 0, about), column, lambda _: True)
    return replace(found, unsure=(*said, *found.unsure))
