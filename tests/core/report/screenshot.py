"""The screenshots in docs/: of a page's first table, or of all that stands before its states.

``python tests/core/report/screenshot.py PAGE.html docs/report.png``: the page is that of the second run of
``examples/weather``, whose first one had all months but 2025-12.
``python tests/core/report/screenshot.py --top PAGE.html docs/tutorial/gate-failed.png``: that of the run that
``docs/tutorial/your-own-data.md`` has fail at its rule.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

_WIDTH = 960


def screenshot(page: Path, target: Path, top: bool) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": _WIDTH, "height": 1400}, color_scheme="light")
        tab.goto(page.resolve().as_uri())
        tab.add_style_tag(content="nav { position: static !important }")
        if top:
            tab.screenshot(path=target, clip=_before_states(tab))
        else:
            tab.locator("article").first.screenshot(path=target)
        browser.close()


def _before_states(tab: Page) -> dict[str, float]:
    states = tab.get_by_role("heading", name="States", exact=True).bounding_box()
    assert states is not None
    return {"x": 0, "y": 0, "width": _WIDTH, "height": states["y"] - 16}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top", action="store_true")
    parser.add_argument("page", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    screenshot(given.page, given.target, given.top)
