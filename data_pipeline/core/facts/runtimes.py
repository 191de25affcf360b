"""The closed table of runtimes: what a step's script runs on, and how its packages get there.

A runtime fixes the service, the Python and the C library that wheels must fit. Deploy fetches wheels by
``python`` and ``wheel_tags``; the stacks read the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Image:
    """A prebuilt image of AWS, as the SageMaker SDK lists it: for which kind of job, and under which version.

    ``python`` chooses where the version has several; ``release`` ends the tag where the SDK's table has no word
    for it (the SDK's own classes write it into their code).
    """

    framework: str
    version: str
    jobs: Literal["training", "processing"] = "training"
    python: str | None = None
    release: str | None = None


@dataclass(frozen=True)
class Runtime:
    """One kind of place where a script runs."""

    name: str
    service: Literal["sagemaker", "glue"]
    python: str
    #: the newest C library (glibc) that wheels may ask for; the runtime's own is this one or newer.
    glibc: tuple[int, int]
    #: compiled packages are allowed; without them every wheel must be pure Python.
    compiled: bool = True
    image: Image | None = None
    glue_command: Literal["glueetl", "pythonshell"] | None = None
    glue_version: str | None = None

    @property
    def camel(self) -> str:
        """The name as a part of CloudFormation's logical names, which are alphanumeric: ``GlueSpark``."""
        return "".join(word.capitalize() for word in self.name.split("-"))

    @property
    def wheels_parameter(self) -> str:
        """Parameter of the pipeline stack with the SHA-256 of this runtime's wheel set."""
        return f"Wheels{self.camel}"

    @property
    def wheel_tags(self) -> tuple[str, ...]:
        """Tags for ``pip download --platform``, newest first; none means pure Python only (``any``)."""
        if not self.compiled:
            return ()
        major, newest = self.glibc
        return (
            *(f"manylinux_{major}_{minor}_x86_64" for minor in range(newest, 16, -1)),
            "manylinux2014_x86_64",
        )


_TABLE = (
    # Ubuntu 24.04 today; wheels are held to an older glibc so that a rebuilt image cannot break them.
    Runtime(
        "sagemaker-python",
        "sagemaker",
        python="3.12",
        glibc=(2, 28),
        image=Image("sklearn", "1.4-2-py312"),
    ),
    # Amazon Linux 2023; the first python3 on its PATH is the system's 3.9, so that ours is named in full.
    Runtime(
        "sagemaker-spark",
        "sagemaker",
        python="3.12",
        glibc=(2, 34),
        image=Image("spark", "3.5", jobs="processing", python="py312", release="v1"),
    ),
    # Amazon Linux 2023.
    Runtime("glue-spark", "glue", python="3.11", glibc=(2, 34), glue_command="glueetl", glue_version="5.1"),
    # AWS lists Python 3.9 shells under Glue 3.0; they are on Amazon Linux 2.
    Runtime(
        "glue-pythonshell",
        "glue",
        python="3.9",
        glibc=(2, 26),
        compiled=False,
        glue_command="pythonshell",
        glue_version="3.0",
    ),
)

RUNTIMES: dict[str, Runtime] = {runtime.name: runtime for runtime in _TABLE}
