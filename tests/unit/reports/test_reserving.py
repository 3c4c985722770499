# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from cloudfilm.reports.field_reading import ReportReading
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.qr_code import QUIET_ZONE, qr_matrix, qr_svg
from cloudfilm.reports.reserved import contradiction


@pytest.mark.parametrize(
    ("patient_id", "name", "fits"),
    [
        ("", "", True),
        ("CT20260305017", "", True),
        ("CT20260305017", "张建国", True),
        ("", "张 建国", True),
        ("CT2", "", False),
        ("", "张建军", False),
    ],
)
def test_a_report_of_another_patient_is_not_the_reserved_one(report: ReportFields, patient_id: str, name: str, fits: bool) -> None:
    assert (contradiction(patient_id, name, ReportReading(report, {})) is None) is fits


def test_what_the_paper_does_not_say_contradicts_nothing(report: ReportFields) -> None:
    assert contradiction("P9", "李四", ReportReading(replace(report, patient_id=None, patient_name=None), {})) is None


def test_a_number_recognised_in_a_picture_needs_a_witness(report: ReportFields) -> None:
    picture = ReportReading(report, {}, needs_witness=True)
    assert contradiction("", "", picture) is not None
    assert contradiction("", "张建国", picture) is None


def test_the_svg_has_the_modules_of_the_matrix() -> None:
    text = "HTTPS://FILM.HOSPITAL.CN/Q/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    matrix = qr_matrix(text)
    svg = qr_svg(text)
    dark = {(x + QUIET_ZONE, y + QUIET_ZONE) for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark}
    drawn = {tuple(map(int, one.split("h")[0].split(","))) for one in svg.rpartition('d="')[2].split("M")[1:]}
    assert drawn == dark
    assert f'viewBox="0 0 {len(matrix) + 2 * QUIET_ZONE} {len(matrix) + 2 * QUIET_ZONE}"' in svg
