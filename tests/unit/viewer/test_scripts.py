# SPDX-License-Identifier: AGPL-3.0-or-later
"""The phone viewer's scripts: what old phones can read, and what their parts do, in Chromium and without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import esprima
import pytest
from playwright.sync_api import Browser, Page

VIEWER = Path(__file__).resolve().parents[3] / "portal/static/viewer"
SCRIPTS = sorted(VIEWER.glob("*.js"))
PAGE = (VIEWER.parents[1] / "templates/images.html").read_text(encoding="utf-8")


def later_than_2015(source: str) -> list[str]:
    """What a reader of ES2015 (ECMA-262, 6th edition) would not understand: the parser knows two editions more."""
    found = []

    def look(node: Any, _: Any) -> None:
        if getattr(node, "isAsync", False) or node.type == "AwaitExpression":
            found.append(f"{node.type} async")
        if node.type in ("BinaryExpression", "AssignmentExpression") and node.operator in ("**", "**="):
            found.append(node.operator)
        if node.type in ("ObjectExpression", "ObjectPattern"):
            found.extend(part.type for part in node.properties if part.type in ("SpreadElement", "RestElement"))

    esprima.parseScript(source, delegate=look)
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_of_2015_at_most(script: Path) -> None:
    assert later_than_2015(script.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("source", ["let a = 2 ** 3", "async function f() { await 1; }", "let a = {...b}"])
def test_the_check_finds_what_is_later(source: str) -> None:
    assert later_than_2015(source) != []


@pytest.mark.parametrize("source", ["let a = b?.c", "let a = b ?? c", "try { } catch { }"])
def test_the_parser_refuses_what_is_later_still(source: str) -> None:
    with pytest.raises(esprima.Error):
        esprima.parseScript(source)


def test_the_page_loads_every_script_once() -> None:
    for script in SCRIPTS:
        assert PAGE.count(f'"{script.stem}"') >= 1, script.name


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A blank page with the parts that need no page of their own."""
    blank = browser.new_page()
    for name in ("pictures", "grey_window", "pixels", "store", "loader", "placing", "ruler"):
        blank.add_script_tag(content=(VIEWER / f"{name}.js").read_text(encoding="utf-8"))
    yield blank
    blank.close()


def test_the_store_keeps_what_was_used_last_within_its_limit(page: Page) -> None:
    kept = page.evaluate(
        """() => { const store = new CloudFilm.Store(100); for (let i = 0; i < 10; i += 1) { store.put('k' + i, i, 10); }
        store.get('k0'); store.put('new', 1, 30); return [store.has('k0'), store.has('k1'), store.has('k9'), store.has('new'), store.bytes]; }"""
    )
    assert kept == [True, False, True, True, 90]


@pytest.mark.parametrize(
    ("change", "is_read"),
    [("", True), ("answer = answer.slice(0, answer.length - 20)", False), ("picture.rows = 3", False), ("picture.rows = 1", False)],
)
def test_a_frame_is_read_whole_or_not_at_all(page: Page, change: str, is_read: bool) -> None:
    values = page.evaluate(
        """change => { const bytes = [1, 0, 2, 0, 255, 255, 13, 10]; const picture = {rows: 2, columns: 2, samples: 1, allocated: 16};
        let answer = '--b\\r\\nContent-Type: application/octet-stream\\r\\n\\r\\n' + String.fromCharCode.apply(null, bytes) + '\\r\\n--b--\\r\\n';
        if (change.startsWith('answer')) { answer = answer.slice(0, answer.length - 20); }
        if (change.startsWith('picture')) { picture.rows = Number(change.slice(-1)); }
        const buffer = Uint8Array.from(answer, letter => letter.charCodeAt(0)).buffer, read = CloudFilm.pixels.stored(buffer, picture);
        return read ? Array.from(read) : null; }""",
        change,
    )
    assert values == ([1, 2, 65535, 2573] if is_read else None)


@pytest.mark.parametrize(
    ("picture", "greys"),
    [
        ({"bits": 8, "signed": False, "slope": 1, "intercept": 0, "photometric": "MONOCHROME2"}, {0: 0, 255: 255, 100: 100}),
        ({"bits": 8, "signed": False, "slope": 1, "intercept": 0, "photometric": "MONOCHROME1"}, {0: 255, 255: 0, 100: 155}),
        ({"bits": 8, "signed": True, "slope": 2, "intercept": 128, "photometric": "MONOCHROME2"}, {0: 128, 200: 16, 50: 228}),
    ],
)
def test_the_table_follows_the_standard(page: Page, picture: dict[str, Any], greys: dict[int, int]) -> None:
    table = page.evaluate("p => Array.from(CloudFilm.greyWindow.table(p, {centre: 128, width: 256}, false), v => v & 255)", picture)
    inverted = page.evaluate("p => Array.from(CloudFilm.greyWindow.table(p, {centre: 128, width: 256}, true), v => v & 255)", picture)
    for stored, grey in greys.items():
        assert abs(table[stored] - grey) <= 1
        assert table[stored] + inverted[stored] == 255


@pytest.mark.parametrize(
    ("spacing", "source", "said"),
    [([0.5, 2.0], "patient", "7.2 mm"), ([0.5, 2.0], "detector", "≈ 7.2 mm"), (None, "", "5 px"), ([0.1, 0.1], "region", "0.5 mm")],
)
def test_lengths_know_both_spacings_and_what_they_are_of(page: Page, spacing: list[float] | None, source: str, said: str) -> None:
    line = {"from": {"x": 1, "y": 1}, "to": {"x": 4, "y": 5}}
    lines = page.evaluate("([l, p]) => CloudFilm.ruler.label(l, p)", [line, {"spacing": spacing, "spacingSource": source}])
    expected = {"7.2 mm": f"{((3 * 2.0) ** 2 + (4 * 0.5) ** 2) ** 0.5:.1f} mm"}
    assert lines == said.replace("7.2 mm", expected["7.2 mm"])


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_is_under_the_fingers_stays_there_while_zooming(page: Page, mirrored: bool) -> None:
    before, after = page.evaluate(
        """mirrored => { const picture = {rows: 100, columns: 200, aspect: 2}, box = {width: 400, height: 500}, point = {x: 180, y: 260};
        const place = CloudFilm.placing.fitted(mirrored), placing = CloudFilm.placing;
        const zoomed = placing.zoomed(place, picture, box, point, 3);
        return [placing.toPicture(place, picture, box, point), placing.toPicture(zoomed, picture, box, point)]; }""",
        mirrored,
    )
    assert after["x"] == pytest.approx(before["x"])
    assert after["y"] == pytest.approx(before["y"])


def test_what_is_no_longer_wanted_is_aborted_and_one_subject_is_asked_once_at_a_time(page: Page) -> None:
    began, aborted = page.evaluate(
        """() => { const began = [], aborted = [], real = window.Image;
        window.Image = function () { const self = this; this.removeAttribute = () => aborted.push(self.url);
            Object.defineProperty(this, 'src', {set: url => { self.url = url; began.push(url); }}); };
        const loader = new CloudFilm.Loader(() => {}, () => {}), job = (url, subject) => ({key: url, url: url, subject: subject});
        loader.want([job('a1', 'a'), job('b1', 'b')]);
        loader.want([job('a2', 'a'), job('c1', 'c')]);
        window.Image = real; return [began, aborted]; }"""
    )
    assert began == ["a1", "b1", "c1"]
    assert aborted == ["b1"]
