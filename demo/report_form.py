# SPDX-License-Identifier: AGPL-3.0-or-later
"""Made-up hospital reports, drawn the way that Chinese radiology departments print them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.fields import ReportFields
from demo.chinese_lines import chinese_lines

LAYOUTS = ("table", "lines", "labels_first")
FONT_FILE = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
FONT = "ReportForm"
PAGE_WIDTH, PAGE_HEIGHT = A4
LEFT, RIGHT = 48.0, PAGE_WIDTH - 48.0
BOTTOM = 96.0
SEXES = {"M": "男", "F": "女", "O": "未知"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One labelled value in the header, `column` and `span` counted in thirds of the page."""

    label: str
    value: str
    row: int
    column: int
    span: int = 1


def make_report_pdf(fields: ReportFields, layout: str = "table", hospital_logo: bool = False) -> bytes:
    """
    Draw a report as a PDF of A4 pages with a text layer.

    Parameters
    ----------
    fields
        What to print. Missing values are left blank, as on paper.
    layout
        `table`: the header is a ruled grid; `lines`: labels and values in three columns; `labels_first`: looks like `lines`, but all labels are
        drawn before any value, so that the text stream alone cannot tell which value is whose.
    hospital_logo
        Draw a round emblem left of the title.

    Raises
    ------
    ValueError
        When there is no such layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"no report layout {layout!r}; there are {', '.join(LAYOUTS)}")
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, FONT_FILE))
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, pageCompression=1, invariant=1)
    canvas.setTitle(fields.report_kind or "检查报告单")
    _Form(canvas, fields, layout, hospital_logo).draw()
    canvas.save()
    return target.getvalue()


class _Form:
    """The pen: keeps the height of the next line while a report is drawn from top to bottom."""

    def __init__(self, canvas: Canvas, fields: ReportFields, layout: str, hospital_logo: bool) -> None:
        self.canvas, self.fields, self.layout, self.hospital_logo = canvas, fields, layout, hospital_logo
        self.y = PAGE_HEIGHT
        self.page = 1

    def draw(self) -> None:
        self._title()
        self._header()
        headings = ("影像所见", "诊断意见") if self.fields.modality != "US" else ("超声所见", "超声提示")
        if self.layout == "labels_first" and self._fits_on_one_page():
            self._blocks_with_headings_first(headings)
        else:
            self._block(headings[0], self.fields.findings)
            self._block(headings[1], self.fields.impression)
        self._signatures()
        self._footer()

    def _text(self, x: float, y: float, text: str, size: float = 10.5, bold: bool = False) -> None:
        self.canvas.setFont(FONT, size)
        if not bold:
            self.canvas.drawString(x, y, text)
            return
        # The font has no bold face: outlining the glyphs is what a hospital's own software does, too.
        self.canvas.saveState()
        self.canvas.setLineWidth(size / 45)
        self.canvas.drawString(x, y, text, mode=2)
        self.canvas.restoreState()

    def _centred(self, y: float, text: str, size: float) -> None:
        self._text((PAGE_WIDTH - pdfmetrics.stringWidth(text, FONT, size)) / 2, y, text, size, bold=True)

    def _rule(self, y: float, width: float = 0.8) -> None:
        self.canvas.setLineWidth(width)
        self.canvas.line(LEFT, y, RIGHT, y)

    def _title(self) -> None:
        hospital, kind = self.fields.hospital_name or "", self.fields.report_kind or "检查报告单"
        self._centred(PAGE_HEIGHT - 68, hospital, 18)
        self._centred(PAGE_HEIGHT - 96, kind, 15)
        if self.hospital_logo:
            self._emblem((PAGE_WIDTH - pdfmetrics.stringWidth(hospital, FONT, 18)) / 2 - 46, PAGE_HEIGHT - 74)
        self.y = PAGE_HEIGHT - 124

    def _emblem(self, x: float, y: float) -> None:
        canvas = self.canvas
        canvas.saveState()
        canvas.setStrokeColorRGB(0.05, 0.35, 0.55)
        canvas.setFillColorRGB(0.05, 0.35, 0.55)
        canvas.setLineWidth(1.6)
        canvas.circle(x + 16, y + 14, 17)
        canvas.rect(x + 12.5, y + 3, 7, 22, stroke=0, fill=1)
        canvas.rect(x + 5, y + 10.5, 22, 7, stroke=0, fill=1)
        canvas.restoreState()

    def _cells(self) -> tuple[Cell, ...]:
        fields = self.fields
        return (
            Cell("姓  名", fields.patient_name or "", 0, 0),
            Cell("性  别", SEXES.get(fields.patient_sex or "", ""), 0, 1),
            Cell("年  龄", fields.patient_age or "", 0, 2),
            Cell("影像号", fields.patient_id or "", 1, 0),
            Cell("检查号", fields.accession_number or "", 1, 1),
            Cell("科  室", fields.department or "", 1, 2),
            Cell("门诊号", fields.outpatient_number or "", 2, 0),
            Cell("住院号", fields.inpatient_number or "", 2, 1),
            Cell("床  号", fields.bed_number or "", 2, 2),
            Cell("检查部位", fields.body_part or "", 3, 0, 2),
            Cell("检查时间", _printed_time(fields.exam_time), 3, 2),
        )

    def _header(self) -> None:
        cells = self._cells()
        rows = max(cell.row for cell in cells) + 1
        height = 22.0 if self.layout == "table" else 19.0
        top, third = self.y, (RIGHT - LEFT) / 3
        if self.layout == "table":
            for cell in cells:
                x, y = LEFT + cell.column * third, top - (cell.row + 1) * height
                self.canvas.setLineWidth(0.6)
                self.canvas.rect(x, y, third * cell.span, height)
                self.canvas.line(x + 54, y, x + 54, y + height)
                self._text(x + 5, y + 7, cell.label)
                self._text(x + 59, y + 7, cell.value)
        else:
            self._rule(top)
            placed = [(LEFT + 2 + cell.column * third, top - (cell.row + 1) * height + 4, cell) for cell in cells]
            labels = [(x, y, f"{cell.label}：") for x, y, cell in placed]
            values = [(x + pdfmetrics.stringWidth(f"{cell.label}：", FONT, 10.5), y, cell.value) for x, y, cell in placed]
            paired = [part for pair in zip(labels, values, strict=True) for part in pair]
            for x, y, text in labels + values if self.layout == "labels_first" else paired:
                self._text(x, y, text)
            self._rule(top - rows * height - 4)
        self.y = top - rows * height - 10

    def _lines(self, text: str | None, size: float = 11) -> list[str]:
        """The text's paragraphs broken to the page's width, each one indented by two characters unless it is numbered."""
        lines: list[str] = []
        for paragraph in (text or "").splitlines():
            indent = "" if paragraph[:1].isdigit() else "　　"
            lines.extend(chinese_lines(indent + paragraph, RIGHT - LEFT - 20, lambda line: pdfmetrics.stringWidth(line, FONT, size)))
        return lines

    def _fits_on_one_page(self) -> bool:
        lines = len(self._lines(self.fields.findings)) + len(self._lines(self.fields.impression))
        return self.y - 18.5 * lines - 100 > BOTTOM

    def _break_page(self) -> None:
        self._footer()
        self.canvas.showPage()
        self.page += 1
        self._title()
        row = (("姓  名", self.fields.patient_name), ("影像号", self.fields.patient_id), ("检查号", self.fields.accession_number))
        for column, (label, value) in enumerate(row):
            self._text(LEFT + 2 + column * (RIGHT - LEFT) / 3, self.y - 14, f"{label}：{value or ''}")
        self._rule(self.y - 22)
        self.y -= 30

    def _block(self, heading: str, text: str | None) -> None:
        if self.y - 60 < BOTTOM:
            self._break_page()
        self.y -= 22
        self._text(LEFT + 2, self.y, f"{heading}：", 12, bold=True)
        self.y -= 4
        self._paragraphs(self._lines(text))
        self.y -= 14

    def _paragraphs(self, lines: Sequence[str]) -> None:
        for line in lines:
            if self.y - 18.5 < BOTTOM:
                self._break_page()
            self.y -= 18.5
            self._text(LEFT + 12, self.y, line, 11)

    def _blocks_with_headings_first(self, headings: tuple[str, str]) -> None:
        findings, impression = self._lines(self.fields.findings), self._lines(self.fields.impression)
        first = self.y - 22
        second = first - 4 - 18.5 * len(findings) - 14 - 22
        for heading, y in zip(headings, (first, second), strict=True):
            self._text(LEFT + 2, y, f"{heading}：", 12, bold=True)
        for lines, y in ((findings, first - 4), (impression, second - 4)):
            self.y = y
            self._paragraphs(lines)
        self.y -= 14

    def _signatures(self) -> None:
        fields, third = self.fields, (RIGHT - LEFT) / 3
        self._rule(BOTTOM - 8, 0.6)
        y = BOTTOM - 24
        cells = (
            ("报告医师", fields.reporting_doctor or ""),
            ("审核医师", fields.reviewing_doctor or ""),
            ("报告时间", _printed_time(fields.report_time)),
        )
        for column, (label, value) in enumerate(cells):
            self._text(LEFT + 2 + column * third, y, f"{label}：{value}")

    def _footer(self) -> None:
        self.canvas.setFillGray(0.25)
        self._text(LEFT + 2, 48, "本报告仅供临床医师参考，不作为法律依据；签字有效。", 9)
        page = f"第 {self.page} 页"
        self._text(RIGHT - pdfmetrics.stringWidth(page, FONT, 9), 48, page, 9)
        self.canvas.setFillGray(0)


def _printed_time(iso: str | None) -> str:
    return (iso or "").replace("T", " ")
