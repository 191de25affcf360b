"""Numbers of texts, beside what Arrow makes of them."""

from __future__ import annotations

import math
import random
import struct
from decimal import Decimal, localcontext

import pyarrow as pa

from data_pipeline.etl.documents import numbers
from data_pipeline.etl.documents.reasons import WrongValueError


def judged(text: str) -> float:
    """The float of a text; infinite or 0 where it is out of range."""
    try:
        return numbers.judge_float(text, "float")
    except WrongValueError:
        return 0.0 if Decimal(text).copy_abs() < 1 else math.copysign(math.inf, Decimal(text))


def around_middles(chance: random.Random) -> list[str]:
    """Texts in the middle between two floats, and so near to one that the nearest double is the middle itself."""
    found = []
    for _ in range(2000):
        bits = chance.choice(
            [chance.randrange(0x7F7FFFFF), chance.randrange(8), 0x7F7FFFFF - chance.randrange(3)]
        )
        low = Decimal(struct.unpack("<f", struct.pack("<I", bits))[0])
        ulp = Decimal(2) ** (max(bits >> 23, 1) - 150)
        middle = low + ulp / 2
        sign = chance.choice(["", "-"])
        found += [f"{sign}{middle + ulp * part}" for part in (0, Decimal("1e-30"), Decimal("-1e-30"))]
    return found


def test_a_float_is_the_nearest_one() -> None:
    with localcontext() as context:
        context.prec = 400
        texts = around_middles(random.Random(1))
    assert [judged(text) for text in texts] == pa.array(texts).cast(pa.float32()).to_pylist()
