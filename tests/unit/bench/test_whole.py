# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table of scripts/bench: what a row says, when a goal is met, the chart, and the slow line that a browser is put behind."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from pydicom import dcmread

from bench.__main__ import main
from bench.chart import as_svg
from bench.whole.ct_series import write_series
from bench.whole.measuring import lines_of
from bench.whole.report import as_text
from bench.whole.row import Beside, Goal, Row
from bench.whole.scale import QUICK, WHOLE
from bench.whole.turns import in_turns

MACHINE = {"date": "2026-11-24", "processor": "2 x Test", "memory_gigabytes": 8.0, "packages": [], "load_before": 0.1, "is_busy": False}


def facts_of(*rows: Row, **failed: str) -> dict[str, Any]:
    facts = {"scale": "quick", "machine": MACHINE, "rows": [row.as_json() for row in rows], "failed": failed, "minutes": 1.0}
    return dict(json.loads(json.dumps(facts)))


FASTER = Row("Frames", "warm", "frames/s", (100.0, 300.0, 240.0), (10.0, 10.0, 20.0), (200.0, 300.0, 300.0), "stock A", "bare",
             (Goal("0.85 of bare", Beside.LIMIT, 0.85), Goal("25 times", Beside.STOCK, 25)))  # fmt: skip
LATER = Row("Chromium", "first picture", "s", (2.0,), (1.0,), None, "stock B", "", (Goal("never later", Beside.STOCK, at_most=1),))


def test_ratios_are_taken_round_by_round() -> None:
    assert FASTER.ratio(Beside.STOCK) == 12  # of 10, 30 and 12, not 240 / 10
    assert FASTER.ratio(Beside.LIMIT) == pytest.approx(0.8)
    assert LATER.ratio(Beside.LIMIT) is None
    assert Row("a", "b", "s", (3.0, 5.0), (2.0,)).ratio(Beside.STOCK) == 2
    assert Row("a", "b", "s", (3.0, 5.0, 4.0)).ratio(Beside.ITSELF) == 4


@pytest.mark.parametrize(
    ("goal", "figure", "is_met"),
    [
        (Goal("", Beside.STOCK, at_least=2), 2.0, True), (Goal("", Beside.STOCK, at_least=2), 1.99, False),
        (Goal("", Beside.STOCK, at_most=2), 2.0, True), (Goal("", Beside.STOCK, at_most=2), 2.01, False),
    ],
)  # fmt: skip
def test_a_goal_is_met_at_its_very_figure(goal: Goal, figure: float, is_met: bool) -> None:
    assert goal.holds(figure) is is_met


def test_the_table_says_met_and_not_met_and_what_was_not_measured() -> None:
    text = as_text(facts_of(FASTER, LATER, memory="it broke"))
    assert "| warm, frames/s | 240 (100 to 300) | 10 (10 to 20); 12x [1] | 300 (200 to 300); 0.80x [2] |" in text
    assert "0.85 of bare: NOT met (0.80); 25 times: NOT met (12)" in text
    assert "[3] stock B." in text
    assert "- memory: it broke" in text
    assert "0 of 3 goals are met" in text
    assert "on a quiet machine" in text
    busy = facts_of(FASTER) | {"machine": MACHINE | {"is_busy": True}}
    assert "read the ratios only" in as_text(busy)


def test_the_chart_has_a_bar_for_each_line_and_says_which_way_is_better() -> None:
    drawing = as_svg(facts_of(FASTER, LATER))
    tree = ElementTree.fromstring(drawing)
    bars = [one.get("class") for one in tree.iter("{http://www.w3.org/2000/svg}rect")]
    assert bars == ["better", "worse"]
    assert "12x" in drawing
    assert "0.50x" in drawing


def test_the_command_draws_a_file_and_refuses_what_is_none(tmp_path: Any) -> None:
    source, target = tmp_path / "facts.json", tmp_path / "chart.svg"
    source.write_text(json.dumps(facts_of(FASTER)))
    assert CliRunner().invoke(main, ["chart", str(source), "--output", str(target)]).exit_code == 0
    assert target.read_text().startswith("<svg")
    source.write_text("[]")
    assert CliRunner().invoke(main, ["chart", str(source)]).exit_code == 1
    refused = CliRunner().invoke(main, ["--only", "nothing"])
    assert (refused.exit_code, "There is no line nothing" in refused.output) == (2, True)


def test_the_quick_scale_leaves_out_the_slowest_line_and_a_million_rows_and_nothing_else() -> None:
    assert set(lines_of(WHOLE)) - set(lines_of(QUICK)) == {"browser-4", "search-1000000"}
    assert set(lines_of(QUICK)) < set(lines_of(WHOLE))
    assert WHOLE.rounds >= 5
    assert WHOLE.cost_rounds >= 5
    assert WHOLE.browser_rounds >= 5
    assert max(WHOLE.rows) == 1_000_000


def test_who_begins_changes_from_round_to_round() -> None:
    asked: list[str] = []

    def case(name: str) -> Any:
        return lambda number: asked.append(f"{name}{number}") or float(number)  # type: ignore[func-returns-value]

    figures = in_turns(3, {"a": case("a"), "b": case("b")})
    assert asked == ["a0", "b0", "b1", "a1", "a2", "b2"]
    assert figures == {"a": (0.0, 1.0, 2.0), "b": (0.0, 1.0, 2.0)}


def test_a_series_has_slices_of_their_own(tmp_path: Any) -> None:
    series = write_series(tmp_path / "series", "a seed", 3, 32)
    images = [dcmread(path) for path in series.files]
    assert [str(image.SOPInstanceUID) for image in images] == list(series.sop_instance_uids)
    assert len({image.PixelData for image in images}) == 3
    middle = images[1].pixel_array * images[1].RescaleSlope + images[1].RescaleIntercept
    assert abs(middle[16, 16] - 40) <= 20
    assert {image.AccessionNumber for image in images} == {series.accession_number}
    assert write_series(tmp_path / "again", "a seed", 3, 32).sop_instance_uids == series.sop_instance_uids
    assert write_series(tmp_path / "other", "other", 3, 32).accession_number != series.accession_number


@contextmanager
def sender(size: int) -> Iterator[int]:
    """Sends so many bytes to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"x" * size)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_slow_line_takes_as_long_as_its_rate_and_delay_say() -> None:
    size, megabits, milliseconds = 250_000, 8.0, 100.0
    with sender(size) as port:
        command = [sys.executable, "-m", "bench.whole.slow_line", str(port), str(megabits), str(milliseconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as line:
            assert line.stdout is not None
            began, received = time.monotonic(), 0
            with socket.create_connection(("127.0.0.1", int(line.stdout.readline()))) as client:
                began = time.monotonic()
                while content := client.recv(65536):
                    received += len(content)
            taken = time.monotonic() - began
            line.terminate()
    assert received == size
    at_least = size * 8 / (megabits * 1e6) + milliseconds / 1000
    assert at_least * 0.95 < taken < at_least + 2
