"""Random JSON lines, with every kind of fault, read as an independent reader reads them."""

from __future__ import annotations

import json
import random

import pytest
from etl.reading import independent
from etl.reading.independent import RefusedError
from etl.reading.outcomes import dataset, outcome, written
from etl.reading.test_casts import LARGE, VALUES, expected, plain
from randomness import SEED, times

from data_pipeline.etl.documents.datasets import Column, Format
from data_pipeline.etl.reading import json_alike, json_blocks, json_files

GOOD = {
    "string": ['"a"', '"née"', '"\\u00e9\\n"', '""', '"NaN"', '"Inf"', '"x\\"y"', '"{}"'],
    "int": ["1", "-20", "2147483647", '"7"', "1.0", "0"],
    "long": ["9007199254740993", "-1", "12e3"],
    "double": ["0.1", "1e-5", "-3", "0", '"nan"', "0.0", "1E+2"],
    "float": ["0.1", "0", "16777217", "1e10"],
    "decimal(12,2)": ["1.50", "-0.01", "9999999999.99", '"3"', "2.500"],
    "boolean": ["true", "false", '"TRUE"'],
    "date": ['"2024-02-29"'],
    "timestamp": ['"2024-01-31 05:06:07"', '"2024-01-31"'],
    "timestamptz": ['"2024-01-31T05:06:07Z"'],
}
BAD = (
    '"x" null 1.5 1e400 -1e-400 1e39 1e-50 NaN Infinity -Infinity nan 01 +1 .5 1. [] {} [1] {"a":1} true "1" "yes" '
    '"\\ud800" "\\ud83d\\ude00" "\\u0000" "\t" "\xff" {"a":1,"a":2} 12.345 3000000000 "2024-02-30" '
    f"0.{'0' * 400}1 {'9' * 400} {'0' * 30}1 1{'0' * 30} "
    '"2024-01-31T05:06:07.1234567Z" undefined \'x\' "1 " 1e2 1E400'
).split(" ")


def random_type(chance: random.Random, depth: int = 0) -> str:
    if depth < 2 and chance.random() < 0.25:
        mark = "?" if chance.random() < 0.5 else ""
        if chance.random() < 0.5:
            return f"list<{random_type(chance, depth + 1)}{mark}>"
        return f"struct<a:{random_type(chance, depth + 1)}{mark},b:{random_type(chance, depth + 1)}?>"
    return chance.choice(sorted(GOOD))


def random_value(chance: random.Random, kind: str, bad: float) -> str:
    if chance.random() < bad:
        other = chance.choice(BAD)
        return json.dumps(chance.choice(VALUES)) if chance.random() < 0.3 else other
    nullable = kind.endswith("?")
    kind = kind.removesuffix("?")
    if nullable and chance.random() < 0.3:
        return "null"
    if kind.startswith("list<"):
        return f"[{','.join(random_value(chance, kind[5:-1], bad) for _ in range(chance.randrange(4)))}]"
    if kind.startswith("struct<"):
        parts = [part.partition(":") for part in independent.split(kind[7:-1])]
        members = [f'"{name}": {random_value(chance, inner, bad)}' for name, _, inner in parts]
        if chance.random() < 0.1:
            members.append('"more": [1, "x"]')
        if chance.random() < bad / 3:
            members.pop(0)
        return "{" + ", ".join(members) + "}"
    return chance.choice(GOOD[kind])


def random_dataset(chance: random.Random):
    columns = {}
    for at in range(chance.randrange(1, 6)):
        kind = random_type(chance)
        default = chance.choice(["1", "2"]) if kind == "int" and chance.random() < 0.3 else None
        named = (f"c{at}", f"C{at}") if chance.random() < 0.2 else ()
        columns[f"c{at}"] = Column(f"c{at}", kind, chance.random() < 0.5, named, default)
    return dataset(columns, "json", timezone=chance.choice(["", "Europe/Berlin"]))


def random_line(chance: random.Random, data, bad: float, regular: bool = False) -> bytes:
    """``regular``: as other lines of the file, but for faults and nulls."""
    members = []
    for column in data.columns:
        name = chance.choice(column.named[:1] if regular and column.named else column.named or (column.name,))
        if column.nullable and chance.random() < (bad if regular else 0.2):
            continue
        blank = " " if regular and chance.random() >= bad else chance.choice(["", " "])
        members.append(f'"{name}":{blank}{random_value(chance, column.type, bad)}')
        if column.named and chance.random() < bad:
            members.append(f'"C{name[1:]}": {chance.choice(["null", "1"])}')
    if chance.random() < (bad if regular else 0.1):
        members.append(
            f'"x{chance.randrange(3)}": {chance.choice(["1", "null", "{}", "[NaN]" if bad else "[]", "true"])}'
        )
    if chance.random() < bad / 3 and members:
        members.append(members[0])
    if not regular or chance.random() < bad:
        chance.shuffle(members)
    line = ("{" + ",".join(members) + "}").encode("utf-8")
    if chance.random() < bad / 2:
        at = chance.randrange(len(line) + 1)
        extra = chance.choice(
            [b'"', b"{", b"}", b"\xff", b"\n", b"\r", b",", b" ", b"\xef\xbb\xbf", b"\x00", b"\\", b"//x"]
        )
        line = line[:at] + extra + line[at + chance.randrange(2) :]
    if chance.random() < bad / 5:
        line = chance.choice([b"[]", b"1", b"null", b'"x"', b"{}{}", b"{", b"x", b"[{}]", b"{} {}"])
    return line


def random_file(chance: random.Random, data) -> bytes:
    bad = chance.choice([0, 0.02, 0.1, 0.3])
    end = chance.choice([b"\n", b"\r\n", b"\n\n", b" \n", b"\n  \r\n\t\n"])
    regular = chance.random() < 0.6
    lines = [random_line(chance, data, bad, regular) for _ in range(chance.randrange(80))]
    text = end.join(lines) + chance.choice([b"", end])
    return (b"\xef\xbb\xbf" if chance.random() < 0.1 else b"") + text


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("read-json")))
def test_random_lines_are_read_as_the_independent_reader_does(attempt, tmp_path, monkeypatch):
    """The same rows with the same values, numbers and reasons, in blocks of any size, by any number of threads."""
    chance = random.Random(f"{SEED}-read-json-{attempt}")
    for _ in range(20):
        compare(chance, tmp_path, monkeypatch)


def compare(chance, folder, monkeypatch):
    data = random_dataset(chance)
    content = random_file(chance, data)
    monkeypatch.setattr(json_files, "BLOCK", chance.choice([1, 64, 1000, 1 << 20]))
    monkeypatch.setattr(json_alike, "FEW", chance.choice([0, 2, 32]))
    monkeypatch.setattr(json_alike, "_GROUPS", chance.choice([1, 8]))
    monkeypatch.setattr(json_alike, "_LONGEST_WAIT", chance.choice([0, 63]))
    monkeypatch.setattr(json_blocks, "_LEAF", chance.choice([1, 4, 64]))
    monkeypatch.setattr(json_blocks, "_ATTEMPTS", chance.choice([1, 2, 8]))
    rows, refused, foreign = independent.json_rows(content, data)
    found = outcome(written(folder / "a.json", content), data, workers=chance.choice([1, 1, 2]))
    assert found.adds_up(), content
    assert found.reasons == refused, (content, data.columns)
    columns = [plain(found.table[column.name].combine_chunks()) for column in data.columns]
    got = list(zip(found.table["_row"].to_pylist(), zip(*columns, strict=True), strict=True))
    assert [row for row, _ in got] == [row for row, _ in rows]
    for (_, one), (_, other) in zip(got, rows, strict=True):
        assert all(map(alike, one, other)), (one, other, data.columns)
    assert set(found.rows.columns_ignored) <= foreign


def alike(one, other) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if hasattr(one, "tzinfo") and one.tzinfo:
        one = one.replace(tzinfo=None)
    return independent.same(one, other)


@pytest.mark.parametrize("kind", ["decimal(4,0)", "decimal(38,2)", "decimal(38,10)", "decimal(38,37)"])
def test_a_number_too_large_for_a_decimal_is_no_other_number(kind, tmp_path):
    """Arrow cuts off what it has no room for: alone, among others, as a text, with an exponent, and in a list."""
    large = [*LARGE, f"{2**90}e38", "7e35", "7E+30", "12345678901234567890e15"]
    data = dataset({"a": kind, "b": f"list<{kind}>"}, "json")
    for number in large:
        for text in (number, f'"{number}"'):
            lines = [f'{{"a": {a}, "b": [1, {b}]}}' for a, b in (("1", "1"), (text, "1"), ("1", text))]
            found = outcome(written(tmp_path / "a.json", "\n".join(lines) + "\n"), data)
            want = expected(number, kind, Format("json"))
            if isinstance(want, RefusedError):
                assert found.reasons == {2: str(want), 3: str(want)}, text
            else:
                assert found.table["a"].to_pylist() == [1, want, 1], text
