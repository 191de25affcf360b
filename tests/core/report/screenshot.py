"""The screenshot in docs/, of a page's first table.

``python tests/core/report/screenshot.py PAGE.html docs/report.png``; the page is that of the second run of
``examples/weather``, whose first one had all months but 2025-12.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def screenshot(page: Path, target: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 960, "height": 1400}, color_scheme="light")
        tab.goto(page.resolve().as_uri())
        tab.add_style_tag(content="nav { position: static !important }")
        tab.locator("article").first.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    screenshot(Path(sys.argv[1]), Path(sys.argv[2]))
