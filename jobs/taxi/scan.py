"""The rows of CSV that are proved to count, counted by compiled code.

That code is ``scan.ll``, which ``jobs/taxi/kernel/scan.py`` explains and writes. LLVM makes machine code of it for this
processor when this module is imported: a twentieth of a second.
"""

from __future__ import annotations

import ctypes
from importlib import resources
from typing import Any

import numpy as np
from llvmlite import binding

from taxi.csvfiles import Lines
from taxi.monthly import Month
from taxi.scan_layout import PADDING

_NUMBER, _WORD, _ARRAY = ctypes.c_int64, ctypes.c_uint64, ctypes.c_void_p
_ROWS = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    _ARRAY,  # of what is found
    _ARRAY,  # of an error, which there is none
    _NUMBER,  # the file
    _ARRAY,  # places
    _ARRAY,  # text
    _NUMBER,  # bytes that it has room for
    _NUMBER,  # fields
    _NUMBER,  # position
    _WORD,  # month
    _NUMBER,  # days
    _ARRAY,  # trips
    _ARRAY,  # doubtful rows
    _NUMBER,  # how many there may be
    _ARRAY,  # their texts
    _NUMBER,  # bytes that these may have
)


def _engine() -> Any:
    """What holds the machine code."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3, jit=True
    )
    module = binding.parse_assembly(resources.files("taxi").joinpath("scan.ll").read_text(encoding="ascii"))
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


_KEPT = _engine()
_rows = _ROWS(_KEPT.get_function_address("rows"))


def rows(
    lines: Lines, fields: int, position: int, month: Month, trips: Any, doubtful: Any, texts: Any
) -> tuple[int, int, bool]:
    """Take rows from ``lines``: add those that are proved to count to ``trips``, by number of the window in ``month``,
    and write the others into ``doubtful``, rows of ``places.COLUMNS``, and their text into ``texts``. Of a plain file
    it reads on, until ``doubtful`` or ``texts`` is full, the file ends, or what comes needs ``Lines.more``.

    Returns how many rows it took, how many of them are doubtful, and whether characters other than those of ASCII may
    be in the chunk where it stopped, which then is the only one that has any.

    ``fields``: of the header; ``position``: that of the pickup time, from 0.
    """
    found, error = np.zeros(3, np.int64), np.zeros(1, np.int64)
    _rows(
        found.ctypes.data,
        error.ctypes.data,
        lines.descriptor,
        lines.positions.ctypes.data,
        lines.text.ctypes.data,
        len(lines.text) - PADDING,
        fields,
        position,
        int.from_bytes(month.prefix, "little"),
        month.days,
        trips.ctypes.data,
        doubtful.ctypes.data,
        len(doubtful),
        texts.ctypes.data,
        len(texts),
    )
    number, many, foreign = found.tolist()
    return number, many, bool(foreign)
