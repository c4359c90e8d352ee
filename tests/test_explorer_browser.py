"""The explorer in a browser without a window: Chromium, driven by Playwright."""

import os
import shutil

import pytest

import dynsim as ds

sync_api = pytest.importorskip("playwright.sync_api")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
#: The image that is drawn, as the page has it.
IMAGE = """() => {
  const sources = [...Bokeh.documents[0]._all_models.values()].filter((m) => m.type == "ColumnDataSource")
  return sources.filter((m) => "image" in m.data).map((m) => {
    const at = (k) => m.data[k][0]
    const image = at("image")
    return {side: image.shape ? image.shape[0] : 0, x: at("x"), y: at("y"), dw: at("dw"), dh: at("dh"),
            colours: new Set(image).size, values: Array.from(at("value")).slice(0, 3)}
  })
}"""
READY = f"(side) => {{ const all = ({IMAGE})(); return all.length && all.every((one) => one.side == side) }}"


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("DYNSIM_BROWSER") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium here")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def explorer():
    made = ds.explore()
    yield made
    made.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 950}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.foreign, opened.errors = [], []
    opened.on("request", lambda r: opened.foreign.append(r.url) if not _own(r.url) else None)
    opened.on("pageerror", lambda e: opened.errors.append(str(e)))
    yield opened
    assert not opened.foreign, "the page asks nobody but its own server"
    assert not opened.errors
    context.close()


def _own(url):
    return url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:"))


def shown(page, url, side=500):
    """Open an address and wait for its fine picture."""
    page.goto(url)
    page.wait_for_function("() => window.Bokeh && Bokeh.documents.length")
    return settled(page, side)


def settled(page, side=500):
    """Wait until the fine picture of the page's view is drawn, and return what is drawn."""
    page.wait_for_function(READY, arg=side)
    page.wait_for_function("""(side) => { const text = document.body.innerText ; return true }""", arg=side)
    return page.evaluate(IMAGE)


def link_of(page):
    return page.evaluate("() => window.location.hash")


def test_load(page, explorer):
    (picture,) = shown(page, explorer.url)
    assert picture["colours"] >= 3 and picture["x"] == 1.0 and picture["dw"] == 2.0
    page.wait_for_function("() => window.location.hash.includes('map=cdat')")
    assert page.locator(".alert").count() == 0 or not page.locator(".alert").is_visible()
