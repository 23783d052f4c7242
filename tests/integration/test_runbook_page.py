"""index.html in a real browser: on a desk, on a phone and on paper, by day and by night."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from flatsplit.render.bundle import write_bundle
from tests.fixtures.databases import ROOT
from tests.golden import bundles
from tests.support.chromium import PROGRAM, Browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]

DESK, PHONE, PAPER = (1366, 900), (360, 740), (718, 1000)
EXAMPLE = ROOT / "runbooks" / "shop" / "index.html"
SAMPLES = {"hostile": bundles.hostile, "plain": bundles.plain}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The accessibility checker: FLATSPLIT_AXE names its axe.min.js, else npm brings it."""
    given = os.environ.get("FLATSPLIT_AXE")
    if given:
        return Path(given).read_text()
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm to bring axe-core with")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        [npm, "install", "--no-save", "--ignore-scripts", "--prefix", str(folder), "axe-core@4"], capture_output=True
    )
    if done.returncode:
        pytest.skip("npm cannot bring axe-core")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example, and bundles of made-up data."""
    found = {"example": EXAMPLE}
    for name, make in SAMPLES.items():
        folder = tmp_path_factory.mktemp(name)
        found[name] = write_bundle(make(), folder)[0]
    return found


OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDEST = """
[...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter(e => !e.closest('.scroll, pre, svg')).slice(0, 5)
  .map(e => e.tagName + '.' + e.className + ': ' + e.textContent.slice(0, 60))
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["example", *SAMPLES])
def test_it_loads_nothing_complains_of_nothing_and_fits(
    browser: Browser, axe: str, pages: dict[str, Path], name: str, screen: tuple[int, int], dark: bool
) -> None:
    browser.open(pages[name], width=screen[0], height=screen[1], dark=dark)
    assert browser.run(TOO_WIDE) <= 0, browser.run(WIDEST)
    browser.run(OPEN_ALL)
    assert browser.run(TOO_WIDE) <= 0, browser.run(WIDEST)
    assert [url for url in browser.requests() if not url.startswith("data:")] == [pages[name].as_uri()]
    assert browser.complaints() == []
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(17, 22, 29)" if dark else "rgb(255, 255, 255)")
    browser.run(f"{axe}\n1")
    found = browser.run(
        "axe.run(document).then(r => r.violations.map(v => [v.id, v.help, v.nodes.slice(0, 3)"
        ".map(n => n.html.slice(0, 200) + ' ' + n.failureSummary)]))"
    )
    assert found == []


def test_one_gets_around_with_the_mouse_and_with_the_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["plain"], width=DESK[0], height=DESK[1])
    opened = "[...document.querySelectorAll('details.step')].filter(one => one.open).map(one => one.id)"
    assert browser.run(opened) == ["step-grant-existing"]
    browser.run("document.querySelector('nav a[href=\"#step-lock-legacy\"]').click()")
    browser.run("new Promise(done => setTimeout(done, 900))")
    assert "step-lock-legacy" in browser.run(opened)
    top = browser.run("document.getElementById('step-lock-legacy').getBoundingClientRect().top")
    assert -5 < top < DESK[1]
    browser.run("document.getElementById('open-all').click()")
    assert len(browser.run(opened)) == 9
    browser.run("document.getElementById('close-all').click()")
    assert browser.run(opened) == []
    for link in browser.run("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))"):
        assert browser.run(f"document.getElementById({link!r}) !== null"), link
    # By keyboard alone: the first stop skips the navigation, and a summary opens with Enter
    browser.open(pages["plain"], width=DESK[0], height=DESK[1])
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    browser.run("document.querySelector('#step-verify summary').focus()")
    browser.press("Enter", 13)
    assert "step-verify" in browser.run(opened)


def test_the_copy_buttons_copy(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"], width=DESK[0], height=DESK[1])
    browser.run(OPEN_ALL)
    count = browser.run("document.querySelectorAll('.code').length")
    assert count > 12
    browser.run(
        "window.kept = null; navigator.clipboard.writeText = text => { window.kept = text; return Promise.resolve(); }"
    )
    for place in range(count):
        box = f"document.querySelectorAll('.code')[{place}]"
        browser.run(f"{box}.querySelector('button').click()")
        assert browser.run("window.kept") == browser.run(f"{box}.querySelector('pre').textContent")
        assert browser.run(f"{box}.querySelector('button').textContent") == "Copied"
    assert browser.run("document.getElementById('say').textContent") == "Copied"


def test_paper_shows_everything(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["example"], width=PAPER[0], height=PAPER[1], media="print")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.querySelectorAll('details:not([open])').length") == 0
    assert browser.run(TOO_WIDE) <= 0, browser.run(WIDEST)
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    wide = "[...document.querySelectorAll('.scroll, pre')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert browser.run(f"{wide}.map(e => e.ariaLabel)") == []
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.querySelectorAll('details:not([open])').length") > 0
    pdf = browser.print()
    assert pdf.startswith(b"%PDF")
    assert 5 < pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") < 60


def test_names_stay_names(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"], width=DESK[0], height=DESK[1])
    assert browser.run("document.scripts.length") == 1
    assert browser.run("document.querySelectorAll('main b:not([class]) i, img, iframe, object').length") == 0
    assert "<script>alert(1)</script>" in browser.run("document.querySelector('h1').textContent")
    assert (
        browser.run(
            "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
            ".filter(name => name.startsWith('on')).length"
        )
        == 0
    )
    # Nothing turns the direction of what follows round, and nothing invisible is left
    assert not browser.run("/[\\u202a-\\u202e\\u2066-\\u2069\\u0007]/.test(document.documentElement.outerHTML)")
