"""The botocore that a Python shell of Glue brings, as a run of one finds it: S3 knows no conditional writes.

A run has this file as a package ``botocore`` that comes before every other one. It becomes the installed botocore,
less what that of 2022 did not know, so that a script fails with Glue's own packages here as it does on AWS.
"""

import importlib.machinery
import importlib.util
import sys
import sysconfig
from typing import Any

#: as public logs of Python 3.9 shells show it.
VERSION = "1.25.5"
_MEMBERS = ("IfMatch", "IfNoneMatch")
_WRITES = ("PutObjectRequest", "CompleteMultipartUploadRequest")


def _become() -> None:
    installed = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    spec = importlib.machinery.PathFinder.find_spec("botocore", installed)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("No module named 'botocore'", name="botocore")
    module = importlib.util.module_from_spec(spec)
    sys.modules["botocore"] = module
    spec.loader.exec_module(module)
    vars(module).update(__version__=VERSION, __file__=__file__)
    _forget_conditional_writes()


def _forget_conditional_writes() -> None:
    from botocore.loaders import Loader

    load = Loader.load_service_model

    def without(self: Loader, service_name: str, type_name: str, api_version: Any = None) -> Any:
        model = load(self, service_name, type_name, api_version)
        if service_name == "s3" and type_name == "service-2":
            for shape in _WRITES:
                for member in _MEMBERS:
                    model["shapes"][shape]["members"].pop(member, None)
        return model

    Loader.load_service_model = without  # type: ignore[method-assign]


if __name__ == "botocore":
    _become()
