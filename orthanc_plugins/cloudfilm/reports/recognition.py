# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of a page that is only a picture: recognised by RapidOCR, whose Chinese models (PP-OCR) lie in its package.

Weighed: Tesseract with chi_sim misreads names and half the fields; PaddleOCR and EasyOCR download their models when they run.
The engine finds lines, each one turned as it lies; we take the angle that most of them share off the page, so that lines are level, and give the
characters the widths that they are printed with.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloudfilm.reports.labels import all_labels
from cloudfilm.reports.page_lines import lines_by_place
from cloudfilm.reports.text_layer import Character, PageText

_THREADS = 2
_LARGEST_SIDE = 1280  # pixels: lines are looked for in a smaller picture, and read in the whole one
_CLOSE = 0.45  # em: a smaller gap between two recognised characters is none
_LONG_LINE = 5.0  # times as long as high: such a line tells the angle of the page
_LABELS_OF_A_REPORT = 2  # so many and the page is the right way up
_DOWNWARDS = 1.5  # times as high as wide
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RecognisedCharacter:
    """A character and the middle of its box, in pixels, and how sure the engine is of it (0 to 1)."""

    text: str
    x: float
    y: float
    score: float


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """
    A line as the engine found it: the height of its letters in pixels, the angle at which it lies in radians, clockwise, and its length.

    `is_downwards`: its characters stand one below the other.
    """

    characters: tuple[RecognisedCharacter, ...]
    height: float
    length: float
    angle: float
    is_downwards: bool = False


def recognise_page(picture: NDArray[np.uint8], width_points: float, height_points: float) -> PageText:
    """
    Recognise the text of a page, also of one that lay on its side or upside down.

    Parameters
    ----------
    picture
        Rows of grey levels, the whole page.
    width_points, height_points
        Of the page that it shows.
    """
    best, most = PageText("", (), width_points, height_points, is_picture=True), -1
    ways = [0, 2, 1, 3]  # quarters anticlockwise
    while ways:
        quarters = ways.pop(0)
        turned = np.ascontiguousarray(np.rot90(picture, quarters))
        lines = recognise_lines(turned)
        if _is_on_its_side(lines):
            ways = [way for way in ways if (way - quarters) % 2]
            continue
        width, height = (height_points, width_points) if quarters % 2 else (width_points, height_points)
        page = page_text(lines, turned.shape[1], width, height)
        labels = sum(len(all_labels(line.text)) for line in lines_by_place(page))
        if labels > most:
            best, most = replace(page, skew=page.skew + quarters * math.pi / 2), labels
        if labels >= _LABELS_OF_A_REPORT:
            break
    return best


def _is_on_its_side(lines: Sequence[RecognisedLine]) -> bool:
    downwards = sum(len(line.characters) for line in lines if line.is_downwards)
    return downwards > sum(len(line.characters) for line in lines) / 2


def recognise_lines(picture: NDArray[np.uint8]) -> tuple[RecognisedLine, ...]:
    """The lines of text in a picture of grey levels, in no order."""
    result = _engine()(np.repeat(picture[:, :, None], 3, axis=2), return_word_box=True)
    if result.boxes is None or not result.word_results:
        return ()
    return tuple(_line(box, words) for box, words in zip(result.boxes, result.word_results, strict=True) if words)


def page_text(lines: Sequence[RecognisedLine], width_pixels: int, width_points: float, height_points: float) -> PageText:
    """Recognised lines as the text of a page: level, in points."""
    skew = statistics.median([line.angle for line in lines if line.length > _LONG_LINE * line.height] or [0.0])
    scale = width_points / width_pixels
    centre = (width_points / 2, height_points / 2)
    placed = [_placed(line, scale, skew, centre) for line in lines]
    placed.sort(key=lambda characters: (characters[0].top, characters[0].left))
    characters = tuple(character for line in placed for character in line)
    return PageText("", characters, width_points, height_points, is_picture=True, skew=skew)


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": _LARGEST_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _line(box: Any, words: Sequence[tuple[str, float, Any]]) -> RecognisedLine:
    top_left, top_right, _, bottom_left = ((float(x), float(y)) for x, y in box)
    across, down = math.dist(top_left, top_right), math.dist(top_left, bottom_left)
    if down > _DOWNWARDS * across and sum(len(text) for text, _, _ in words) > 1:
        return _downwards(words, [(float(x), float(y)) for x, y in box], across, down)
    characters: list[RecognisedCharacter] = []
    for text, score, corners in words:
        characters += _spread(text, float(score), [(float(x), float(y)) for x, y in corners])
    angle = math.atan2(top_right[1] - top_left[1], top_right[0] - top_left[0])
    return RecognisedLine(tuple(characters), down, across, angle)


def _downwards(words: Sequence[tuple[str, float, Any]], box: Sequence[Point], across: float, down: float) -> RecognisedLine:
    """A line written downwards; the engine reads it from its top, and does not tell where its characters are."""
    (left, top), (right, top_right), (low_right, _), (low_left, _) = box
    read = [(one, float(score)) for text, score, _ in words for one in text if one.strip()]
    shares = [(place + 0.5) / len(read) for place in range(len(read))]
    first, last, upper = (left + right) / 2, (low_left + low_right) / 2, (top + top_right) / 2
    characters = tuple(
        RecognisedCharacter(one, first + share * (last - first), upper + share * down, score)
        for (one, score), share in zip(read, shares, strict=True)
    )
    return RecognisedLine(characters, across, 0.0, 0.0, is_downwards=True)


def _spread(text: str, score: float, corners: Sequence[Point]) -> list[RecognisedCharacter]:
    """The characters of a word, evenly across its box."""
    (left, top), (right, _), _, (_, bottom) = corners
    middle = sum(y for _, y in corners) / 4
    step = (right - left) / len(text)
    characters = [RecognisedCharacter(one, left + (place + 0.5) * step, middle, score) for place, one in enumerate(text)]
    return [character for character in characters if character.text.strip() and bottom >= top]


def _placed(line: RecognisedLine, scale: float, skew: float, centre: Point) -> list[Character]:
    """The characters of a line side by side, as wide as they are printed."""
    points = [_level(character.x * scale, character.y * scale, skew, centre) for character in line.characters]
    height = line.height * scale
    em = height * 0.8
    if line.is_downwards:
        return [
            Character(one.text, x - em / 2, y - height / 2, x + em / 2, y + height / 2, one.score)
            for (x, y), one in zip(points, line.characters, strict=True)
        ]
    placed: list[Character] = []
    middle = statistics.fmean(y for _, y in points)
    for (x, _), character in zip(points, line.characters, strict=True):
        width = em / 2 if character.text.isascii() else em
        left, right = x - width / 2, x + width / 2
        if placed and left - placed[-1].right < _CLOSE * em:
            left = placed[-1].right
            right = max(right, left + width / 4)
        placed.append(Character(character.text, left, middle - height / 2, right, middle + height / 2, character.score))
    return placed


def _level(x: float, y: float, skew: float, centre: Point) -> Point:
    dx, dy = x - centre[0], y - centre[1]
    cosine, sine = math.cos(skew), math.sin(skew)
    return centre[0] + dx * cosine + dy * sine, centre[1] - dx * sine + dy * cosine
