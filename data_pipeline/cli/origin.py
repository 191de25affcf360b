"""Where this tool was installed from, as a line of a requirements file."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlparse

import data_pipeline

DISTRIBUTION = "daily-data-pipeline"
_EXTRA = "[local]"


def requirement() -> str:
    """A requirement that installs the same tool: the checkout or the file that it came from, else its version.

    PEP 610 says where pip keeps it. A tool that runs from its source without having been installed is that checkout.
    """
    checkout = Path(data_pipeline.__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        return f"-e {checkout}{_EXTRA}"
    distribution = metadata.distribution(DISTRIBUTION)
    noted = distribution.read_text("direct_url.json")
    if noted is None:
        return f"{DISTRIBUTION}{_EXTRA}=={distribution.version}"
    url = json.loads(noted)["url"]
    if url.startswith("file:") and (path := Path(unquote(urlparse(url).path))).is_dir():
        return f"{path}{_EXTRA}"
    return f"{DISTRIBUTION}{_EXTRA} @ {url}"
