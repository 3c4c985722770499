# SPDX-License-Identifier: AGPL-3.0-or-later
"""A slip with new keys to an exam, for a printer: what the staff's page shows, on the upper half of an A4 sheet, in Chinese."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.qr_code import qr_matrix

_FONT, _FONT_FILE = "CloudFilmText", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
_LEFT, _CODE_SIDE = 20 * mm, 45 * mm
_LONGEST_LINE = 34  # characters that stand beside the margin


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on it. ``exam`` is one line: kind, date, number; ``printed`` the moment in the hospital's time."""

    hospital_name: str
    patient_name: str
    exam: str
    qr_url: str
    access_code: str
    public_url: str
    printed: str

    def as_bytes(self) -> bytes:
        """For sealing."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8")

    @classmethod
    def from_bytes(cls, told: bytes) -> Slip:
        """What was sealed."""
        return cls(**json.loads(told))

    def as_pdf(self) -> bytes:
        """One page of A4."""
        if _FONT not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(_FONT, _FONT_FILE))
        target = BytesIO()
        canvas = Canvas(target, pagesize=A4, invariant=1, pageCompression=1)
        top = A4[1] - 25 * mm
        for size, text, down in ((18, self.hospital_name, 0), (14, self.patient_name, 12), (11, self.exam, 20)):
            canvas.setFont(_FONT, size)
            canvas.drawString(_LEFT, top - down * mm, text[:_LONGEST_LINE])
        code_top = top - 28 * mm
        _draw_code(canvas, self.qr_url, _LEFT, code_top)
        right = _LEFT + _CODE_SIDE + 8 * mm
        for size, text, down in (
            (11, "微信或相机扫码，查看影像和报告", 6), (11, "或打开以下网址，输入取片码", 16), (11, self.public_url, 23), (20, self.access_code, 36),
        ):  # fmt: skip
            canvas.setFont(_FONT, size)
            canvas.drawString(right, code_top - down * mm, text)
        canvas.setFont(_FONT, 9)
        canvas.drawString(_LEFT, code_top - _CODE_SIDE - 8 * mm, f"持有此凭证即可查看检查，请像病历一样妥善保管。打印时间 {self.printed}")
        canvas.save()
        return target.getvalue()


def _draw_code(canvas: Canvas, text: str, left: float, top: float) -> None:
    """Dark modules as rectangles: sharp at any resolution."""
    matrix = qr_matrix(text)
    side = _CODE_SIDE / len(matrix)
    for row, modules in enumerate(matrix):
        for column, is_dark in enumerate(modules):
            if is_dark:
                canvas.rect(left + column * side, top - (row + 1) * side, side, side, stroke=0, fill=1)
