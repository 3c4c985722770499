# SPDX-License-Identifier: AGPL-3.0-or-later
"""A label in two languages, one above the other in its cell: the English one is left out, and the Chinese one moved to the height of its value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cloudfilm.reports.labels import is_label
from cloudfilm.reports.lines import COLUMN_GAP, em_of, line_of, middle
from cloudfilm.reports.text_layer import Character

_LARGEST_STEP = 2.0  # em from one language down to the other
_ALIGNED = 0.6  # em
_LEVEL = 0.35  # em
_ENGLISH = re.compile(r"[A-Za-z][A-Za-z.' /]{1,28}")

Piece = list[Character]


def without_translations(characters: Sequence[Character]) -> list[Character]:
    """The characters of a page without the English words that stand above or below a Chinese label and begin where it begins."""
    pieces = _as_drawn(characters)
    english = [piece for piece in pieces if _ENGLISH.fullmatch(line_of(piece).text)]
    if not english:
        return list(characters)
    dropped: set[int] = set()
    moved: dict[int, Character] = {}
    for label in pieces:
        text = line_of(label).text
        if text.isascii() or not is_label(text.rstrip(":： ")):
            continue
        if translation := next((one for one in english if _is_of(one, label)), None):
            dropped |= {id(character) for character in translation}
            moved |= _at_height_of_value(label, translation, pieces)
    return [moved.get(id(one), one) for one in characters if id(one) not in dropped]


def _as_drawn(characters: Sequence[Character]) -> list[Piece]:
    """The pieces in which the page was written, or recognised: two languages so near to each other may look like one row."""
    pieces: list[Piece] = []
    for character in characters:
        before = pieces[-1][-1] if pieces else None
        em = em_of([character])
        if before and abs(middle(before) - middle(character)) < _LEVEL * em and -em < character.left - before.right < COLUMN_GAP * em:
            pieces[-1].append(character)
        else:
            pieces.append([character])
    return pieces


def _is_of(english: Piece, label: Piece) -> bool:
    em = em_of(label)
    step = abs(middle(english[0]) - middle(label[0]))
    return 0.5 * em < step < _LARGEST_STEP * em and abs(english[0].left - label[0].left) < _ALIGNED * em


def _at_height_of_value(label: Piece, translation: Piece, pieces: Sequence[Piece]) -> dict[int, Character]:
    """The value stands to the right of both, between them; where it is level with the label already, nothing is moved."""
    heights = sorted((middle(label[0]), middle(translation[0])))
    right = max(label[-1].right, translation[-1].right)
    beside = [piece for piece in pieces if piece[0].left > right and heights[0] < middle(piece[0]) < heights[1]]
    if not beside:
        return {}
    value = min(beside, key=lambda piece: piece[0].left)
    shift = middle(value[0]) - middle(label[0])
    return {id(one): replace(one, top=one.top + shift, bottom=one.bottom + shift) for one in label}
