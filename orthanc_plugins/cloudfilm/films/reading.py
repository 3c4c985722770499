# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text that is burned into a film's images, recognised in a limited process; and what it and the console's own texts say, as words. Pure but for that."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from io import BytesIO

from PIL import Image

from cloudfilm.reports.limited_process import run_limited
from cloudfilm.reports.limits import DocumentLimits

MOST_SHEETS = 24
_SHEET = 1280  # pixels: at this size text is looked for without making the picture smaller
_GAP = 16
_SURE = 0.8
_SHORTEST_NUMBER = 4
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
_DATE = re.compile(r"(?<!\d)(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})(?!\d)")
_NAME_LABELS = re.compile(r"姓\s*名|病\s*人|患\s*者|先生|女士")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line of text; ``score`` is the engine's of its worst character, 1 where the console said it itself."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class FilmText:
    """
    What stands on a film.

    Attributes
    ----------
    is_whole
        Whether all of its images were looked at.
    """

    lines: tuple[ReadLine, ...]
    is_whole: bool = True

    @property
    def numbers(self) -> frozenset[str]:
        """What could be a number of an exam or a patient, read with certainty."""
        tokens = {token.rstrip("./-") for line in self._sure for token in _TOKEN.findall(line.text)}
        return frozenset(token for token in tokens if len(token) >= _SHORTEST_NUMBER and any(one.isdigit() for one in token))

    @property
    def dates(self) -> frozenset[date]:
        """Every day that is named."""
        found = set()
        for line in self._sure:
            for year, month, day in _DATE.findall(line.text):
                try:
                    found.add(date(int(year), int(month), int(day)))
                except ValueError:
                    continue
        return frozenset(found)

    def names(self, display_name: str, alphabetic: str) -> bool:
        """Whether a person is named: in full, and not as a part of a longer name."""
        chinese = re.sub(r"\s", "", display_name)
        if len(chinese) >= 2 and all("\u3400" <= one <= "\u9fff" for one in chinese):
            whole = re.compile(rf"(?<![\u3400-\u9fff]){re.escape(chinese)}(?![\u3400-\u9fff])")
            if any(whole.search(_NAME_LABELS.sub(" ", re.sub(r"\s+", "", line.text))) for line in self._sure):
                return True
        parts = {part for part in re.split(r"[^a-z]+", alphabetic.lower()) if len(part) > 1}
        return len(parts) >= 2 and any(parts <= set(re.split(r"[^a-z]+", line.text.lower())) for line in self._sure)

    @property
    def _sure(self) -> list[ReadLine]:
        return [line for line in self.lines if line.score >= _SURE]


def read_film(page: bytes, boxes: Sequence[tuple[int, int, int, int]], texts: Sequence[str]) -> FilmText:
    """
    Read a film.

    Raises
    ------
    DocumentRefused, DocumentProcessFailed
        The text could not be recognised.
    """
    said = tuple(ReadLine(text, 1.0) for text in texts)
    sheets, is_whole = _sheets(Image.open(BytesIO(page)), boxes)
    if not sheets:
        return FilmText(said)
    limits = DocumentLimits().for_recognition(len(sheets))
    (answer,) = run_limited("cloudfilm.films.recognition_process", [json.dumps(asdict(limits)).encode(), *sheets], limits)
    return FilmText((*said, *(ReadLine(text, score) for text, score in json.loads(answer))), is_whole)


def _sheets(page: Image.Image, boxes: Sequence[tuple[int, int, int, int]]) -> tuple[list[bytes], bool]:
    """The images side by side on few sheets, as PNG: each sheet costs seconds, however little is on it."""
    grey = page.convert("L")
    pictures = []
    for box in boxes:
        picture = grey.crop(box)
        picture.thumbnail((_SHEET, _SHEET), Image.Resampling.LANCZOS)
        pictures.append(picture)
    sheets: list[Image.Image] = []
    left = top = height = 0
    for picture in pictures:
        if sheets and left + picture.width > _SHEET:
            left, top, height = 0, top + height + _GAP, 0
        if not sheets or top + picture.height > _SHEET:
            if len(sheets) == MOST_SHEETS:
                return [_png(sheet) for sheet in sheets], False
            sheets.append(Image.new("L", (_SHEET, _SHEET)))
            left = top = height = 0
        sheets[-1].paste(picture, (left, top))
        left, height = left + picture.width + _GAP, max(height, picture.height)
    return [_png(sheet) for sheet in sheets], True


def _png(sheet: Image.Image) -> bytes:
    """Without the empty part: beside much black the engine overlooks small text (measured)."""
    used = sheet.getbbox() or (0, 0, 1, 1)
    image = sheet.crop((0, 0, min(_SHEET, used[2] + _GAP), min(_SHEET, used[3] + _GAP)))
    target = BytesIO()
    image.save(target, "PNG", compress_level=1)
    return target.getvalue()
