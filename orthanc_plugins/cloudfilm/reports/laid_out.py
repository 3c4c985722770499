# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page for a report that came as text only: who, what, when, findings, impression. The same fields give the same bytes."""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, HRFlowable, Paragraph, SimpleDocTemplate, Spacer, Table

from cloudfilm.reports.fields import ReportFields

_FONT, _FONT_FILE = "CloudFilmText", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
_BODY = ParagraphStyle("body", fontName=_FONT, wordWrap="CJK", fontSize=11, leading=17)
_TITLE = ParagraphStyle("title", _BODY, fontSize=18, leading=26, alignment=TA_CENTER)
_KIND = ParagraphStyle("kind", _TITLE, fontSize=14)
_HEADING = ParagraphStyle("heading", _BODY, fontSize=12, spaceBefore=10, spaceAfter=4)
_SEXES = {"M": "男", "F": "女", "O": "其他"}


def lay_out(fields: ReportFields, hospital_name: str) -> bytes:
    """A PDF of A4 pages with a text layer.

    Parameters
    ----------
    fields : ReportFields
        What to print; missing values are left out.
    hospital_name : str
        Stands above all.
    """
    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(_FONT, _FONT_FILE))
    target = BytesIO()
    document = SimpleDocTemplate(target, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm, bottomMargin=20 * mm)
    document.build(_story(fields, hospital_name), canvasmaker=_Repeatable)
    return target.getvalue()


class _Repeatable(Canvas):
    """Writes no time and no random number."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **{**options, "invariant": 1, "pageCompression": 1})  # type: ignore[arg-type]


def _story(fields: ReportFields, hospital_name: str) -> list[Flowable]:
    story: list[Flowable] = [
        Paragraph(escape(hospital_name), _TITLE),
        Paragraph(escape(fields.report_kind or "检查报告单"), _KIND),
        Spacer(1, 4 * mm),
        _head(fields),
        HRFlowable(width="100%", thickness=0.8, spaceBefore=6, spaceAfter=2),
    ]
    for heading, text in (("检查所见：", fields.findings), ("诊断意见：", fields.impression)):
        if text:
            story.append(Paragraph(heading, _HEADING))
            story.extend(Paragraph(escape(line), _BODY) for line in text.split("\n"))
    doctors = [
        f"{label}：{value}" for label, value in (("报告医生", fields.reporting_doctor), ("审核医生", fields.reviewing_doctor)) if value
    ]
    if doctors:
        story += [Spacer(1, 8 * mm), Paragraph(escape("　　".join(doctors)), _BODY)]
    return story


def _head(fields: ReportFields) -> Table:
    values = (
        ("姓名", fields.patient_name), ("性别", _SEXES.get(fields.patient_sex or "")), ("年龄", fields.patient_age),
        ("影像号", fields.patient_id), ("检查号", fields.accession_number), ("检查部位", fields.body_part),
        ("检查时间", (fields.exam_time or "").replace("T", " ")), ("报告时间", (fields.report_time or "").replace("T", " ")),
    )  # fmt: skip
    cells: list[Flowable | str] = [Paragraph(escape(f"{label}：{value}"), _BODY) for label, value in values if value]
    rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    rows[-1:] = [row + [""] * (3 - len(row)) for row in rows[-1:]]
    return Table(rows or [[""]], colWidths=[57 * mm] * 3)
