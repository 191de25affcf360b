"""How a run on Glue is told its code: names of files in the artifact bucket, and Glue's own arguments for them.

They override what the job says, so that a run that a deployment overtakes goes on with the code of its own version.
"""

from __future__ import annotations

from .runtimes import Runtime

#: the wheel that carries the jobs' modules and packages to Glue's ``--extra-py-files``.
LIBRARY_WHEEL = "jobs-0-py3-none-any.whl"
#: the folder of a Glue Python shell's packages, which ``etl.packages`` puts first, and the one wheel that has it.
PACKAGES = "job_packages"
PACKAGES_WHEEL = f"{PACKAGES}-0-py3-none-any.whl"
GLUE_WHEELS = "wheels.gluewheels.zip"


def packages(runtime: Runtime, code: str, wheels: str) -> dict[str, str]:
    """Arguments that name the library and the packages. ``code``, ``wheels``: ``s3://`` URIs of folders, with their
    last slash.
    """
    library = code + LIBRARY_WHEEL
    if runtime.glue_command == "pythonshell":
        # A Python shell takes wheels as --extra-py-files; its --additional-python-modules knows no S3 URI.
        return {"--extra-py-files": f"{library},{wheels}{PACKAGES_WHEEL}"}
    return {"--extra-py-files": library, "--additional-python-modules": f"{wheels}{GLUE_WHEELS}"}


def script_and_packages(runtime: Runtime, script: str, code: str, wheels: str) -> dict[str, str]:
    """The same, with the script, as a run is told it."""
    return {"--scriptLocation": code + script, **packages(runtime, code, wheels)}
