"""Pages in a browser: they open from a file with the network cut, are walked by keys, fit a telephone, can be read."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from core.report import made
from randomness import SOAK

from data_pipeline.core.report import index, page

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright's client is not installed")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SOAK = pytest.mark.skipif(not SOAK, reason="make soak opens every page in every way")
EVERY: dict[str, Callable[[], str]] = {
    "good": lambda: page.draw(made.good()),
    "gate": lambda: page.draw(made.gate()),
    "killed": lambda: page.draw(made.killed()),
    "hostile": lambda: page.draw(made.hostile()),
    "index": lambda: index.draw("shop", "dev", [index.entry(made.good()), index.entry(made.gate())]),
}
#: the contrast of WCAG 2.2 AA between each text and what lies behind it; of a drawing, the box behind.
_CONTRASTS = """() => {
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = rgb => { const [r, g, b] = rgb.slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = element => {
    const box = element.closest("svg") && element.parentElement.querySelector(".box");
    if (box) return numbers(getComputedStyle(box).fill);
    for (let at = element; at; at = at.parentElement) {
      const found = numbers(getComputedStyle(at).backgroundColor);
      if (found.length && found[3] !== 0) return found; }
    return [255, 255, 255]; };
  const poor = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.tagName === "title" || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(numbers(element.closest("svg") ? style.fill : style.color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push([element.tagName, element.textContent.slice(0, 40), contrast]); }
  return poor; }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page by its name, everything folded out if ``wide``; at the end, nothing may have gone wrong or out."""
    wrong: list[str] = []
    contexts = []

    def open_(name: str, width: int = 1200, unfolded: bool = True, **more: Any) -> Any:
        file = tmp_path / f"{name}.html"
        file.write_text(EVERY[name](), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **more)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda said: wrong.append(f"console: {said.text}"))
        tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        tab.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(asked.url))
        tab.goto(file.as_uri())
        if unfolded:
            tab.eval_on_selector_all("details", "every => every.forEach(each => each.open = true)")
        return tab

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def walk(tab: Any) -> list[str]:
    """What the Tab key comes to, one after the other, each with its place in the document; each is outlined."""
    places = []
    for _ in range(400):
        tab.keyboard.press("Tab")
        at = tab.evaluate(
            """() => { const at = document.activeElement, style = getComputedStyle(at);
            return at === document.body ? null : [[...document.querySelectorAll("*")].indexOf(at), at.tagName,
            parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none"]; }"""
        )
        if at is None or (places and at[0] <= places[-1][0]):
            break
        assert at[2], f"{at[1]} is not outlined"
        places.append(at)
    return [each[1] for each in places]


def test_a_page_in_a_browser(opened: Callable[..., Any]) -> None:
    """The one that everybody runs: no request, no error; numbers, names, keys, a telephone's width, dark contrast."""
    tab = opened("good", 360, color_scheme="dark")
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    assert tab.evaluate(_CONTRASTS) == []
    cells = tab.locator("table", has_text="rows by day").first.locator("td").all_inner_texts()
    points = made.table()["timeline"]["points"]
    assert cells == [f"{total} ({new} new)" if new else str(total) for _, _, total, new in points]
    bars = heights(tab.locator("figure", has_text="in all").first)
    assert bars == pytest.approx([total / 139 for _, _, total, _ in points], abs=0.02)
    names = [each.get_attribute("aria-label") for each in tab.get_by_role("img").all()]
    assert names
    assert all(names)
    assert "A" in walk(tab)


def heights(figure: Any) -> list[float]:
    """Of the bars of a plot, from left to right, the highest as 1."""
    found: dict[str, float] = {}
    for path in figure.locator("svg path").all():
        for left, height in re.findall(r"M([\d.]+) [\d.]+h.8v([\d.]+)h-.8z", path.get_attribute("d")):
            found[left] = found.get(left, 0) + float(height)
    return [found[left] / max(found.values()) for left in sorted(found, key=float)]


@_SOAK
@pytest.mark.soak
@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("width", [320, 360, 768, 1200, 2560])
def test_no_page_scrolls_sideways(opened: Callable[..., Any], name: str, width: int) -> None:
    """Wide tables scroll by themselves, and can be come to by keys."""
    tab = opened(name, width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    wide = ".scroll, .numbers"
    assert tab.eval_on_selector_all(wide, "every => every.every(each => each.tabIndex === 0)")


@_SOAK
@pytest.mark.soak
@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(opened: Callable[..., Any], name: str, scheme: str) -> None:
    """By the contrast that WCAG asks for."""
    assert opened(name, color_scheme=scheme).evaluate(_CONTRASTS) == []


@_SOAK
@pytest.mark.soak
@pytest.mark.parametrize("name", EVERY)
def test_every_page_can_be_walked_by_keys(opened: Callable[..., Any], name: str) -> None:
    """From the link that skips what comes first, in the order of the page; what is folded opens."""
    tab = opened(name, unfolded=False)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.reload()
    led = walk(tab)
    expected = tab.eval_on_selector_all(
        "a[href], summary, [tabindex]", "every => every.map(each => each.tagName)"
    )
    hidden = tab.eval_on_selector_all(
        "details:not([open]) :is(a[href], summary, [tabindex]):not(details > summary:first-child)",
        "every => every.length",
    )
    assert len(led) == len(expected) - hidden
    folded = tab.locator("details:not([open]) > summary")
    if folded.count():
        folded.first.focus()
        before = folded.count()
        tab.keyboard.press("Enter")
        assert tab.locator("details:not([open]) > summary").count() == before - 1


@_SOAK
@pytest.mark.soak
@pytest.mark.parametrize("name", EVERY)
def test_landmarks_and_images_have_names(opened: Callable[..., Any], name: str) -> None:
    """As a screen reader is told them; headings do not skip a level."""
    tab = opened(name)
    for landmark in ("banner", "main", "contentinfo"):
        assert tab.get_by_role(landmark).count() == 1
    for role in ("img", "region", "navigation", "table"):
        every = tab.get_by_role(role)
        named = tab.get_by_role(role, name=re.compile("."))
        assert every.count() == named.count()
    levels = tab.eval_on_selector_all("h1, h2, h3, h4", "every => every.map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@_SOAK
@pytest.mark.soak
@pytest.mark.parametrize("name", EVERY)
def test_facts_need_no_script_and_print(opened: Callable[..., Any], name: str) -> None:
    """The same words without scripts; on paper nothing is cut off."""
    context = opened(name, unfolded=False).context
    whole = context.pages[0].inner_text("body")
    tab = opened(name, unfolded=False, java_script_enabled=False)
    assert tab.inner_text("body") == whole
    tab.emulate_media(media="print")
    assert not tab.locator("nav").is_visible() if tab.locator("nav").count() else True
    assert len(tab.pdf()) > 5_000


@_SOAK
@pytest.mark.soak
def test_markup_in_data_does_nothing(opened: Callable[..., Any]) -> None:
    """No element comes of it, and its text is shown."""
    tab = opened("hostile")
    assert tab.locator("script, main img, img").count() == 0
    assert made.HOSTILE.replace("\u202e", "\\u202e") in tab.inner_text("main")
