# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels that are written downwards, or that a narrow cell broke over several rows, put back into one row."""

from collections.abc import Sequence
from dataclasses import replace

from cloudfilm.reports.labels import is_label
from cloudfilm.reports.lines import em_of, middle, rows_of, segments_of
from cloudfilm.reports.text_layer import Character

_LONGEST_PIECE = 3  # characters
_LARGEST_STEP = 2.2  # em from one piece down to the next
Piece = list[Character]


def mend_stacked_labels(characters: Sequence[Character]) -> list[Character]:
    """
    The characters of a page, those of a stacked label moved into one row at half its height.

    影 over 像 over 所 over 见 in the left cell of a table, or 门诊 over 号, are labels; what is a label by itself already stays where it is.
    """
    pieces = [
        piece for row in rows_of(characters) for piece in segments_of(row) if len(piece) <= _LONGEST_PIECE and not is_label(_text(piece))
    ]
    moved: dict[int, Character] = {}
    while pieces:
        chain = _chain(pieces.pop(0), pieces)
        while len(chain) > 1:
            length = next((length for length in range(len(chain), 1, -1) if is_label("".join(map(_text, chain[:length])))), 1)
            if length > 1:
                moved |= _in_one_row(chain[:length])
                pieces = [piece for piece in pieces if not any(piece is used for used in chain[:length])]
            chain = chain[length:]
    return [moved.get(id(character), character) for character in characters]


def _chain(first: Piece, others: Sequence[Piece]) -> list[Piece]:
    chain = [first]
    for piece in others:
        last, em = chain[-1], em_of(chain[-1])
        step = middle(piece[0]) - middle(last[0])
        if 0.5 * em < step < _LARGEST_STEP * em and (
            abs(_centre(piece) - _centre(last)) < em / 2 or abs(piece[0].left - last[0].left) < em / 2
        ):
            chain.append(piece)
    return chain


def _in_one_row(pieces: Sequence[Piece]) -> dict[int, Character]:
    characters = [character for piece in pieces for character in piece]
    left, right = min(character.left for character in characters), max(character.right for character in characters)
    width = (right - left) / len(characters)
    height = characters[0].bottom - characters[0].top
    top = (min(character.top for character in characters) + max(character.bottom for character in characters) - height) / 2
    return {
        id(character): replace(character, left=left + place * width, right=left + (place + 1) * width, top=top, bottom=top + height)
        for place, character in enumerate(characters)
    }


def _text(piece: Piece) -> str:
    return "".join(character.text for character in piece)


def _centre(piece: Piece) -> float:
    return (piece[0].left + piece[-1].right) / 2
