"""The explorer in a browser without a window: Chromium, driven by Playwright."""

import os
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import dynsim as ds
from dynsim.explorer.view import View

sync_api = pytest.importorskip("playwright.sync_api")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
#: The pictures on the page: resolution, place and link of their images.
PICTURES = """() => window.Bokeh && Bokeh.documents.length ? [...Bokeh.documents[0]._all_models.values()]
  .filter((m) => m.type == "ColumnDataSource" && "value" in m.data)
  .map(({data, tags}) => ({side: data.image[0].shape[0], x: data.x[0], y: data.y[0], dw: data.dw[0], dh: data.dh[0],
                     link: tags[0], values: Array.from(data.value[0])})) : []"""
SMALL = "&steps=200&side=125"
CDAT = "#v=1&map=cdat&x=sigma:1.5:2.5&y=nu:0.018:18.0:log&measure=regime" + SMALL


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("DYNSIM_BROWSER") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("there is no Chromium")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def explorer():
    made = ds.explore(link=CDAT)
    yield made
    made.close()


@pytest.fixture
def page(browser):
    with browser.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True) as context:
        opened = context.new_page()
        opened.set_default_timeout(240_000)
        strange = []
        opened.on("request", lambda r: strange.append(r.url) if not _own(r.url) else None)
        opened.on("pageerror", lambda e: strange.append(str(e)))
        yield opened
        assert not strange, "the page asks its own server only, and runs without an error"


def _own(url):
    return url.startswith(("http://localhost:", "ws://localhost:", "http://127.0.0.2:", "data:", "blob:"))


def settled(page, link, side=125):
    """Wait until the page's address is, or matches, the link and its fine picture is drawn; what is drawn then."""
    page.wait_for_function("(pattern) => new RegExp(pattern).test(location.hash)", arg=link)
    fine = f"""([at, drawn, side]) => {{ const found = ({PICTURES})()
      return location.hash != at || found.length && found.every((one) => one.side == side && one.link == drawn) }}"""
    at = None
    while at != (at := page.evaluate("location.hash")):  # it may go on to another view meanwhile
        page.wait_for_function(fine, arg=[at, View.from_link(at).drawn.link(), side])
    page.wait_for_selector(".status :text('of computing')")
    return page.evaluate(PICTURES)


def shown(page, explorer, link=CDAT):
    """Open a view and wait for its fine picture."""
    page.goto(explorer.url + link)
    return settled(page, re.escape(link))


def values(picture):
    """What the page has been told of the cells, as (y, x)."""
    return np.array([np.nan if v is None else v for v in picture["values"]], float).reshape(picture["side"], -1)


def swept(link, which=None):
    """What ds.sweep says of the same picture, as (y, x)."""
    view = View.from_link(link)
    map_ = getattr(ds.maps, which or view.map)
    kept = {n: v for n, v in view.values.items() if n in (*map_.state, *map_.parameters)}
    measure = ds.measures.regime() if view.measure == "regime" else ds.measures.final("lam")
    found = ds.sweep(map_, view.steps, view.over(view.side), measure, **kept)
    array = found[measure.name].transpose(view.y.name, view.x.name).values
    return np.where(np.abs(array) <= 1e12, array, np.nan)  # beyond that nothing is told


def middle(page):
    """A place on the screen in the middle of the first picture's plot."""
    box = page.locator(".bk-Figure").first.bounding_box()
    return box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.5


def text(page, css):
    """What a pane says; Panel keeps its content in a shadow tree, which a locator of what is inside looks through."""
    inside = page.locator(f"{css} div")
    return inside.first.inner_text() if inside.count() and inside.first.is_visible() else ""


def choose(page, css, value):
    page.locator(f".{css} select").select_option(value)


def test_a_page_shows_what_the_sweep_says(page, explorer):
    (picture,) = shown(page, explorer)
    assert (values(picture) == swept(CDAT)).all()
    assert (picture["x"], picture["dw"]) == (1.5, 1.0)
    assert re.search("runaway [0-9.]+%", text(page, ".legend"))
    assert not text(page, ".alert")


def test_another_map_and_a_closed_loop(page, explorer):
    shown(page, explorer)
    choose(page, "map", "self_stabilization")
    settled(page, "map=self_stabilization&x=a:0.0001:1.0:log", side=500)
    choose(page, "map", "a landscape with a tuner …")
    page.wait_for_selector(".tuner select")
    page.wait_for_timeout(500)
    choose(page, "tuner", "target_sharpness")
    settled(page, "map=two_eigendirections[.]target_sharpness&", side=500)
    assert not text(page, ".alert")


def test_a_zoom_is_computed_anew(page, explorer):
    (before,) = shown(page, explorer)
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, -300)
    page.wait_for_function("(old) => location.hash.length > 9 && location.hash != old", arg=CDAT)
    (after,) = settled(page, "map=cdat")
    link = page.evaluate("location.hash")
    assert 0.2 < after["dw"] < before["dw"] and before["x"] < after["x"] < after["x"] + after["dw"] < 2.5
    assert (values(after) == swept(link)).all(), "not the old picture stretched"
    assert View.from_link(link).x.low == after["x"]


def test_a_click_shows_the_orbit_the_regime_and_the_fixed_points(page, explorer):
    link = CDAT.replace("x=sigma:1.5:2.5", "x=a:0.01:1.0").replace("y=nu:0.018:18.0:log", "y=lam:1.0:4.0")
    link += "&set=x:0.7,u:0.001,eta:0.8,b:1.0"
    shown(page, explorer, link)
    page.mouse.click(*middle(page))
    page.wait_for_selector(".point :text('This point')")
    page.wait_for_selector(".fixed :text('multiplier')")
    view = View.from_link(page.evaluate("location.hash"))
    a, lam = view.point
    fate = ds.sweep(ds.maps.cdat, 200, {"a": [a]}, ds.measures.regime(), lam=lam, **view.values).regime
    assert ds.named(fate).item() in text(page, ".point") and f"{a:.6g}" in text(page, ".point")
    across = np.roots([1, -1, 8 * a / lam**2])  # docs/theory.md 2.3; in u it is 1 − 2ν/λ
    largest = max(*np.abs(across), 1 - 0.2 / lam)
    found = re.search("largest multiplier[^0-9]*([0-9.]+)", text(page, ".fixed"))
    assert float(found[1]) == pytest.approx(largest, rel=1e-3)
    assert page.locator(".bk-Figure").count() == 5, "the picture, and four panels of the orbit"


def test_a_link_brings_the_view_back(page, explorer, browser):
    link = (
        "#v=1&map=cdat&x=sigma:1.9:2.1&y=nu:0.5:5.0:log&measure=final:lam&steps=300&set=lam:10.0,a:0.02"
        "&beside=cdat_undelayed&side=125&theory=1&point=1.95:1.0"
    )
    pictures = shown(page, explorer, link)
    for picture, name in zip(pictures, ("cdat", "cdat_undelayed")):
        np.testing.assert_allclose(values(picture), swept(link, name), rtol=1e-6)
    address = page.locator("a.link").get_attribute("href")
    assert View.from_link(address.removeprefix("./")) == View.from_link(link)
    with browser.new_context() as context:
        other = context.new_page()
        other.set_default_timeout(240_000)
        again = shown(other, explorer, address.removeprefix("./"))
    assert again == pictures


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (CDAT[: len(CDAT) // 2], "damaged"),
        (CDAT.replace("v=1", "v=2"), "version '2'"),
        (CDAT.replace("map=cdat", "map=cdta"), "Did you mean 'cdat'"),
        (CDAT.replace("steps=200&side=125", "steps=9000000&side=1000"), "too large"),
        (CDAT.replace("0.018:18.0", "-1:18.0"), "positive"),
        (CDAT.replace("1.5:2.5", "2.5:1.5"), "start below"),
        (CDAT.replace("1.5:2.5", "2:2.0000000000000004"), "too coarse"),
        (CDAT + "&set=lam:__import__", "must be a number"),
        (CDAT.replace("measure=regime", "measure=period:longest=100000"), "100000"),
    ],
)
def test_a_bad_link_is_told_and_the_page_stays_usable(page, explorer, link, why):
    page.goto(explorer.url + link)
    page.wait_for_function(f"() => ({PICTURES})().length")
    page.wait_for_selector(".alert div")
    assert why in text(page, ".alert")
    choose(page, "x-axis", "sigma: tuner's target σ")
    page.locator(".steps input").fill("100")
    page.locator(".steps input").press("Enter")
    settled(page, "steps=100")
    assert not text(page, ".alert")


def test_typing_nonsense_is_told(page, explorer):
    shown(page, explorer)
    for css, entry, why in (
        ("x-low", "abc", "must be a number"),
        ("y-low", "-3", "positive"),
        ("steps", "1e12", "at most"),
        ("x-high", "inf", "finite"),
    ):
        field = page.locator(f".{css} input")
        before = field.input_value()
        field.fill(entry)
        field.press("Enter")
        page.wait_for_selector(f".alert :text('{why}')")
        sync_api.expect(field).to_have_value(before)
    assert page.evaluate("location.hash") == CDAT


def test_undo_and_the_browsers_own_back(page, explorer):
    shown(page, explorer)
    page.locator(".steps input").fill("100")
    page.locator(".steps input").press("Enter")
    settled(page, "steps=100")
    page.get_by_role("button", name="Back").click()
    settled(page, "steps=200")
    page.get_by_role("button", name="Forward").click()
    settled(page, "steps=100")
    page.evaluate("history.back()")
    settled(page, "steps=200")
    assert not text(page, ".alert")


def test_the_browsers_back_and_forward_go_view_by_view(page, explorer):
    shown(page, explorer)
    for steps in (100, 150, 250):
        page.locator(".steps input").fill(str(steps))
        page.locator(".steps input").press("Enter")
        settled(page, f"steps={steps}")
    for go, steps in (("back", 150), ("back", 100), ("forward", 150), ("forward", 250), ("back", 150)):
        page.evaluate(f"history.{go}()")
        settled(page, f"steps={steps}")


def test_what_is_stopped_can_go_on(page, explorer):
    shown(page, explorer)
    page.locator(".steps input").fill("1e5")
    page.locator(".steps input").press("Enter")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".status :text('stopped')")
    sync_api.expect(page.locator(".png a, .png button").first).to_be_disabled()
    assert "come with the picture" in page.locator(".take div").first.inner_text()
    page.get_by_role("button", name="Go on").click()
    settled(page, "steps=100000")
    assert page.locator(".take pre").count() == 1


def test_nonsense_leaves_a_slider_usable(page, explorer):
    shown(page, explorer)
    entry = page.locator(".slider-a input").first
    for nonsense in ("1e400", ""):
        entry.fill(nonsense)
        entry.press("Enter")
    page.wait_for_selector(".alert :text('finite')")
    page.locator(".dismiss").click()
    sync_api.expect(entry).to_have_value("0.05")  # the slider is made anew
    page.wait_for_timeout(500)
    handle = page.locator(".slider-a .noUi-handle").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + 60, handle["y"] + handle["height"] / 2, steps=5)
    page.mouse.up()
    settled(page, "set=a:")


def test_a_slider_is_followed_while_it_moves(page, explorer):
    link = CDAT.replace("steps=200&side=125", "steps=2000&side=500")
    page.goto(explorer.url + link)
    settled(page, re.escape(link), side=500)
    page.evaluate(
        """() => { window.sides = []; [...Bokeh.documents[0]._all_models.values()]
        .filter((m) => m.type == "ColumnDataSource" && "value" in m.data)
        .forEach((m) => m.properties.data.change.connect(() => window.sides.push(m.data.image[0].shape[0]))) }"""
    )
    box = page.locator(".slider-lam .noUi-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(40):
        page.mouse.move(x + 2 * k, y)
    during = page.evaluate("window.sides.slice()")
    page.mouse.up()
    (picture,) = settled(page, "set=lam:", side=500)
    assert during and set(during) <= {40, 125}, "coarse pictures, and no fine one that is stale"
    assert (values(picture) == swept(page.evaluate("location.hash"))).all()


def test_theory_and_a_line(page, explorer):
    shown(page, explorer)
    page.get_by_role("button", name="Theory").click()
    page.wait_for_selector(".boundaries :text('σ − 2 = 0')")
    page.get_by_role("button", name="Draw a line").click()
    page.wait_for_timeout(500)  # a button is heard a moment after it was pressed
    x, y = middle(page)
    page.mouse.click(x - 150, y)
    page.mouse.click(x + 150, y + 50)
    page.wait_for_selector(".along select")
    settled(page, "theory=1&line=")
    line = View.from_link(page.evaluate("location.hash")).line
    assert line[0] < line[2] and line[1] > line[3]
    page.wait_for_function("() => [...Bokeh.documents[0]._all_models.values()].some((m) => m.type == 'Image')")


def test_downloads(page, explorer):
    shown(page, explorer)
    with page.expect_download() as found:
        page.get_by_text("Picture", exact=True).click()
    with Image.open(found.value.path()) as picture:
        assert picture.format == "PNG" and picture.width > 800
    with page.expect_download() as found:
        page.locator(".data-0").click()
    with xr.open_dataset(found.value.path(), engine="h5netcdf") as data:
        assert View.from_link(data.attrs["view"]) == View.from_link(CDAT)
        assert (data.regime.transpose("nu", "sigma").values == swept(CDAT)).all()
        scope = {}
        exec(page.locator(".take pre").inner_text(), scope)
        assert scope["result"].regime.equals(data.regime)


def test_the_picture_beside_is_as_good_as_the_first(page, explorer):
    link = CDAT + "&beside=cdat_undelayed"
    link = link.replace("&side=125&beside=cdat_undelayed", "&beside=cdat_undelayed&side=125")
    shown(page, explorer, link)
    box = page.locator(".bk-Figure").nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.wait_for_selector(".last :text('At the end')")
    page.wait_for_function("() => location.hash.endsWith('look=1')")
    view = View.from_link(page.evaluate("location.hash"))
    (sigma, nu), undelayed = view.point, ds.maps.cdat_undelayed
    fate = ds.sweep(undelayed, 200, {"sigma": [sigma]}, ds.measures.final("lam"), nu=nu)
    assert re.search(f"λ\\s+{fate.lam_final.item():.6g}", text(page, ".last"))
    page.get_by_role("button", name="Theory").click()
    for name in ("cdat", "cdat_undelayed"):
        page.wait_for_selector(f".boundaries h4:text-is('Boundaries of {name}') + table")
    with page.expect_download() as found:
        page.locator(".data-1").click()
    lines = page.locator(".take pre").all_inner_texts()
    with xr.open_dataset(found.value.path(), engine="h5netcdf") as data:
        assert (data.regime.transpose("nu", "sigma").values == swept(link, "cdat_undelayed")).all()
        for python, which in zip(lines, ("cdat", "cdat_undelayed")):
            scope = {}
            exec(python, scope)
            assert (scope["result"].regime.transpose("nu", "sigma").values == swept(link, which)).all()
    assert len(lines) == 2 and not text(page, ".alert")


def test_an_own_map_and_one_that_does_not_compile(page):
    def step(x=0.3, /, r=3.2, shift=0.0):
        return r * x * (1 - x) + shift

    def broken(x=0.3, /, r=3.2, shift=0.0):
        return float(format(r * x * (1 - x), ".3f")) + shift

    made = ds.explore(ds.Map(step, "logistic"), over={"r": (2.8, 4.0), "x": (0.1, 0.9)}, measure="period", steps=600)
    try:
        page.goto(made.url)
        (picture,) = settled(page, "map=logistic", side=500)
        found = values(picture)
        assert found[250, int((3.2 - 2.8) / 1.2 * 500)] == found[100, int((3.3 - 2.8) / 1.2 * 500)]
        assert "period 2" in text(page, ".legend")
    finally:
        made.close()
    made = ds.explore(ds.Map(broken, "broken"))
    try:
        page.goto(made.url)
        page.wait_for_selector(".alert :text('compile')")
        choose(page, "map", "uv_balanced")
        settled(page, "map=uv_balanced", side=500)
        assert not text(page, ".alert")
    finally:
        made.close()


def test_a_stored_sweep(page, tmp_path):
    over = {"sigma": np.linspace(1.5, 2.5, 80), "nu": np.geomspace(0.02, 10, 80)}
    stored = ds.sweep(ds.maps.cdat, 200, over, ds.measures.regime(), store=tmp_path / "sweep.zarr")
    made = ds.explore(tmp_path / "sweep.zarr")
    try:
        page.goto(made.url)
        (picture,) = settled(page, "map=sweep.zarr", side=500)
        assert "from the store" in text(page, ".status")
        assert set(values(picture).ravel()) == set(stored.regime.values.ravel())
        assert ", at" not in text(page, ".status"), "there is no third dim"
        view = View.from_link(page.evaluate("location.hash"))
        near = view.but(x=replace(view.x, low=1.99, high=2.01))
        page.goto(made.url + near.link())
        page.wait_for_selector(".status :text('computed anew')")
        (picture,) = settled(page, "sigma:1.99:2.01", side=500)
        finer = ds.sweep(ds.maps.cdat, 200, near.over(500), ds.measures.regime())
        assert (values(picture) == finer.regime.transpose("nu", "sigma").values).all()
    finally:
        made.close()


def test_a_store_that_grows_is_read_again(page, tmp_path):
    over, path = {"sigma": np.linspace(1.5, 1.9, 40), "nu": np.geomspace(0.02, 10, 40)}, tmp_path / "sweep.zarr"
    whole = ds.sweep(ds.maps.cdat, 200, over, ds.measures.final("lam"), store=path)
    chunk = max((path / "lam_final").rglob("*"), key=lambda p: p.stat().st_size if p.name != "zarr.json" else 0)
    there = chunk.read_bytes()
    chunk.unlink()
    made = ds.explore(path)
    try:
        page.goto(made.url)
        (picture,) = settled(page, "map=sweep.zarr", side=500)
        page.wait_for_selector(".status :text('which lacks')")
        assert np.isnan(values(picture)).any()
        chunk.write_bytes(there)
        page.wait_for_function(f"() => ({PICTURES})()[0].values.every(Number.isFinite)")
        sync_api.expect(page.locator(".status div").first).not_to_contain_text("lacks")
        (picture,) = page.evaluate(PICTURES)
        assert set(values(picture).ravel()) == set(whole.lam_final.values.astype(np.float32).ravel().astype(float))
    finally:
        made.close()


def test_a_page_says_when_its_explorer_has_ended(page):
    made = ds.explore(link=CDAT)
    page.goto(made.url + CDAT)
    settled(page, re.escape(CDAT))
    made.close()
    page.wait_for_selector(".lost")
    assert "ended" in page.locator(".lost").inner_text()
    with pytest.raises(sync_api.Error, match="REFUSED"):
        page.goto("about:blank")
        page.goto(made.url)
    assert "closed" in made._repr_html_() and "closed" in repr(made)


@pytest.mark.parametrize("width", [1900, 1440, 1200, 960, 900])
def test_nothing_lies_over_anything_else_at_any_width(browser, explorer, width):
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        opened = context.new_page()
        opened.set_default_timeout(240_000)
        link = CDAT.replace("&side=125", "&beside=cdat_undelayed&side=125&point=1.8:1.0&look=1")
        shown(opened, explorer, link)
        opened.wait_for_selector(".point :text('cdat_undelayed')")
        boxes = [opened.locator(css).first.bounding_box() for css in (".map", ".point", ".take")]
        boxes += [opened.locator(".bk-Figure").nth(i).bounding_box() for i in (0, 1)]
        for i, one in enumerate(boxes):
            assert one["x"] + one["width"] <= max(width, 900)
            for other in boxes[:i]:
                apart = [one[k] + one[s] <= other[k] + 1 or other[k] + other[s] <= one[k] + 1
                         for k, s in (("x", "width"), ("y", "height"))]  # fmt: skip
                assert any(apart), (one, other)


def test_foreign_names_are_refused_and_host_is_told(page, explorer):
    port, open_ = explorer.url.rstrip("/").rpartition(":")[2], len(explorer._pages)
    assert page.request.get(explorer.url, headers={"Host": f"evil.example:{port}"}).ok
    assert len(explorer._pages) == open_, "a foreign name that leads here gets no page"
    assert page.request.get(explorer.url).ok
    assert len(explorer._pages) == open_ + 1
    made = ds.explore(link=CDAT, host="127.0.0.2")
    try:
        page.goto(made.url)
        page.wait_for_selector("text=This explorer is open to other machines, as 127.0.0.2")
    finally:
        made.close()
    assert explorer.url in explorer._repr_html_()
    with pytest.raises(ValueError, match="wildcard"):
        ds.explore(host="0.0.0.0")
