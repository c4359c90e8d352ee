"""The explorer in a browser: how fast it answers, and the session of docs/explore.md.

``python -m benchmarks.explorer --write`` writes docs/explore.md and its pictures. It needs Chromium and Playwright.
"""

import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

import numpy as np
from playwright.sync_api import sync_playwright

import dynsim as ds
from dynsim.explorer.view import Axis, View

from .command import DOCS, command

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
#: Notes when a picture of which resolution was on the screen: two frames after its data came.
WATCH = """() => { window.seen = []
  for (const m of Bokeh.documents[0]._all_models.values()) if (m.type == "ColumnDataSource" && "value" in m.data)
    m.properties.data.change.connect(() => { const side = m.data.image[0].shape[0]
      requestAnimationFrame(() => requestAnimationFrame(() => window.seen.push([side, performance.now()]))) }) }"""
TIMED = View(
    "self_stabilization", Axis("a", 1e-4, 1.0, True), Axis("x", 1e-4, 10.0, True), "lifetime", 2000, {"lam": 2.0}
)
SWING = View("cdat", Axis("sigma", 1.0, 2.05), Axis("nu", 0.018, 18.0, True), "crossings:y,skip=1000", 2000)
#: Where a maximum of y counts as a swing, and the ν at which the boundary is measured.
SWINGS, NU = 1e-3, 0.1


def found_browser() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("DYNSIM_BROWSER") or next(filter(None, map(shutil.which, names)))


def status(page):
    return page.locator(".status div").first.inner_text()


def settled(page, side=500):
    """Wait for the fine picture, and return the seconds of computing."""
    page.wait_for_selector(f".status :text('{side} × {side} points')")
    page.wait_for_selector(".status :text('of computing')")
    return float(re.search(r"([0-9.]+) s of computing", status(page))[1])


def opened(browser, url, high=950):
    page = browser.new_page(viewport={"width": 1440, "height": high})
    page.set_default_timeout(120_000)
    page.goto(url)
    settled(page)
    return page


def first_page(browser, **environment) -> float:
    """Seconds from the command to the first fine picture."""
    begun = time.perf_counter()
    arguments = [sys.executable, "-u", "-m", "dynsim", "explore", "--no-browser"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=os.environ | environment) as process:
        try:
            url = re.search(r"http://\S+", process.stdout.readline())[0]
            opened(browser, url).close()
            return time.perf_counter() - begun
        finally:
            process.terminate()


def zooms(page, times):
    """For each of some turns of the wheel: seconds of computing, and until the fine picture is on the screen."""
    found = []
    box = page.locator(".bk-Figure").first.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    for _ in range(times):
        page.evaluate("() => { window.seen = []; addEventListener('wheel', () => { window.begun = performance.now() }, "
                      "{capture: true, once: true}) }")  # fmt: skip
        page.mouse.wheel(0, -120)
        page.wait_for_function("() => window.seen.some(([side]) => side == 500)")
        begun, seen = page.evaluate("[window.begun, window.seen]")
        found.append((settled(page), (next(at for side, at in seen if side == 500) - begun) / 1000))
        time.sleep(0.3)
    return found


def drag(page, moves=60):
    """Coarse pictures a second while a slider is dragged; the fine one must follow."""
    box = page.locator(".slider-lam .noUi-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("window.seen = []")
    begun = time.perf_counter()
    for k in range(moves):
        page.mouse.move(x + k, y)
        time.sleep(0.03)
    coarse = len(page.evaluate("window.seen")) / (time.perf_counter() - begun)
    page.mouse.up()
    page.wait_for_function("() => window.seen.some(([side]) => side == 500)")
    return coarse


def boundary(view):
    """Where y begins to swing, along σ at ν = NU: between the last cell that does and the first that does not."""
    over = {"sigma": view.x.centres(500), "nu": [NU]}
    result = ds.sweep(ds.maps.cdat, view.steps, over, ds.measures.maximum("y", skip=view.steps // 2))
    swings = result.y_maximum.values[:, 0] > SWINGS
    last = int(np.flatnonzero(swings)[-1])
    return float(over["sigma"][last]), float(over["sigma"][last + 1])


def theory(lam):
    """The upper σ at which K = 1, for ν = NU: docs/theory.md 2.3."""
    m = 4 * lam * NU / (lam + NU) ** 2
    return (3 + m + math.sqrt((1 - m) * (9 - m))) / 4


def session(browser, url, folder):
    """The session of the page: its pictures, and what it measures."""
    page = opened(browser, url + SWING.link())
    if folder:
        page.screenshot(path=folder / "1_first.png")
    looked = SWING.but(theory=True, point=(1.35, NU), line=(1.2, NU, 1.9, NU))
    page.close()
    page = opened(browser, url + looked.link(), 1200)
    page.wait_for_selector(".boundaries :text('K < 1')")
    page.wait_for_selector(".along select")
    page.wait_for_selector(".fixed :text('found')")
    time.sleep(2)
    if folder:
        page.screenshot(path=folder / "2_point_and_line.png")
    page.close()
    near = SWING.but(x=replace(SWING.x, low=1.48, high=1.52), y=replace(SWING.y, low=0.05, high=0.2), theory=True,
                     steps=20_000, measure="maximum:y,skip=10000")  # fmt: skip
    page = opened(browser, url + near.link())
    page.wait_for_selector(".boundaries :text('K < 1')")
    time.sleep(1)
    if folder:
        page.screenshot(path=folder / "3_zoom.png")
    page.close()
    end = ds.orbit(ds.maps.cdat, near.steps, sigma=1.5, nu=NU, every=near.steps).lam.values
    return near, boundary(near), theory(float(end[0])), theory(float(end[-1])), end


def made(quick: bool) -> str:
    """The page docs/explore.md."""
    folder = None if quick or "--write" not in sys.argv else DOCS / "explore"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found_browser(), args=FLAGS)
        with tempfile.TemporaryDirectory() as empty:
            cold = first_page(browser, DYNSIM_CACHE_DIR=empty)
        first = [first_page(browser) for _ in range(1 if quick else 3)]
        explorer = ds.explore()
        page = opened(browser, explorer.url + TIMED.link())
        page.evaluate(WATCH)
        zooms(page, 1)
        found = zooms(page, 2 if quick else 9)
        coarse = drag(page)
        page.close()
        numbers = session(browser, explorer.url, folder)
        browser.close()
        explorer.close()
    computing, screen = (statistics.median(values) for values in zip(*found))
    rows = [
        ("a zoom: computing 500 × 500 points × 2000 steps", "≤ 0.3 s", f"{computing:.2f} s", computing <= 0.3),
        ("a zoom: until the picture is on the screen", "≤ 0.7 s", f"{screen:.2f} s", screen <= 0.7),
        ("a dragged slider: coarse pictures", "≥ 10 a second", f"{coarse:.1f} a second", coarse >= 10),
        ("from the command to the first picture", "≤ 5 s", f"{statistics.median(first):.1f} s",
         statistics.median(first) <= 5),
        ("the same, with nothing compiled yet", "–", f"{cold:.1f} s", None),
    ]  # fmt: skip
    table = "\n".join(
        f"| {what} | {bar} | {value} | {'' if met is None else 'met' if met else '**not met**'} |"
        for what, bar, value, met in rows
    )
    near, (low, high), early, late, lam = numbers
    text = (DOCS / "explore" / "page.md.in").read_text(encoding="utf-8")
    given = {
        "TABLE": table, "LOW": f"{low:.5f}", "HIGH": f"{high:.5f}", "EARLY": f"{early:.5f}", "LATE": f"{late:.5f}",
        "LAM0": f"{lam[0]:.4g}", "LAM1": f"{lam[-1]:.4g}", "LINK": near.link(),
    }  # fmt: skip
    return re.sub("@([A-Z0-9]+)@", lambda match: given[match[1]], text)


def main(arguments=None):
    command("benchmarks.explorer", __doc__.splitlines()[0], "explore.md", made, arguments)


if __name__ == "__main__":
    main()
