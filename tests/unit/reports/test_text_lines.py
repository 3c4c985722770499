# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text that lies over a page's picture."""

from __future__ import annotations

import math

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.text_layer import Character, PageText, read_text_layer
from cloudfilm.reports.text_lines import text_lines
from demo.report_form import make_report_pdf


def characters(text: str, left: float, top: float) -> tuple[Character, ...]:
    return tuple(Character(one, left + 10 * place, top, left + 10 * place + 10, top + 12) for place, one in enumerate(text))


def test_columns_of_a_row_are_lines_of_their_own() -> None:
    page = PageText("", characters("姓名", 50, 100) + characters("性别", 300, 100), 595.28, 841.89)
    assert text_lines(page, 595.28, 841.89).lines == (("姓名", 50.0, 100.0, 20.0, 12.0), ("性别", 300.0, 100.0, 20.0, 12.0))


def test_a_sheet_on_its_side_says_how_its_lines_are_turned() -> None:
    page = PageText("", characters("所见", 10, 20), 842.0, 595.0, is_picture=True, skew=math.pi / 2)
    lines = text_lines(page, 595.0, 842.0).to_json()
    assert (lines["size"], lines["skew"], lines["centre"]) == ([595.0, 842.0], 90.0, [421.0, 297.5])


def test_every_character_of_a_page_is_in_a_line_and_on_the_page(report: ReportFields) -> None:
    (page,) = read_text_layer(make_report_pdf(report))
    lines = text_lines(page, page.width_points, page.height_points)
    written = "".join(text for text, *_ in lines.lines).replace(" ", "").replace("\t", "")
    assert sorted(written) == sorted("".join(one.text for one in page.characters))
    for _, left, top, width, height in lines.lines:
        assert min(left, top) >= 0 and left + width <= page.width_points and top + height <= page.height_points  # noqa: PT018
