# SPDX-License-Identifier: AGPL-3.0-or-later
"""The texts of a page with their places, to be searched for a text whatever spaces it is printed with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cloudfilm.reports.lines import em_of, rows_of
from cloudfilm.reports.stacking import mend_stacked_labels
from cloudfilm.reports.taught_form import Box
from cloudfilm.reports.text_layer import Character, PageText

_WIDEST_GAP = 3.5  # em between two characters of one label: 姓    名
_MISTAKES_ONE_IN = 4  # characters of a text in a picture
_MARKS = " :【】[]〔〕「」〖〗()/|"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A text where it was found. `is_whole`: with its colon or brackets as it was searched for."""

    characters: tuple[Character, ...]
    is_whole: bool

    @property
    def box(self) -> Box:
        """Around its characters."""
        return around(self.characters)


class PrintedText:
    """The rows of a page."""

    def __init__(self, page: PageText) -> None:
        self.page = page
        self.rows = rows_of(mend_stacked_labels(page.characters))
        self._written: list[tuple[str, list[Character], float]] = []
        for row in self.rows:
            written = [(letter, character) for character in row for letter in bare(character.text)]
            self._written.append(("".join(letter for letter, _ in written), [character for _, character in written], em_of(row)))

    def find(self, text: str) -> list[Occurrence]:
        """Where a text stands, from the top down. In a picture one character in four may have been mistaken."""
        wanted, core = bare(text), core_of(text)
        if not core:
            return []
        found: list[Occurrence] = []
        for letters, characters, em in self._written:
            for place in self._places(letters, core):
                span = characters[place : place + len(core)]
                if any(after.left - before.right > _WIDEST_GAP * em for before, after in pairwise(span)):
                    continue
                before = wanted.find(core)
                whole = letters[max(place - before, 0) : place - before + len(wanted)]
                found.append(Occurrence(tuple(dict.fromkeys(span)), whole == wanted))
        return found

    def _places(self, letters: str, core: str) -> list[int]:
        places = [match.start() for match in re.finditer(f"(?={re.escape(core)})", letters)]
        allowed = len(core) // _MISTAKES_ONE_IN if self.page.is_picture else 0
        if places or not allowed:
            return places
        differing = (
            (sum(a != b for a, b in zip(core, letters[place:], strict=False)), place) for place in range(len(letters) - len(core) + 1)
        )
        return [place for mistakes, place in differing if mistakes <= allowed]


def around(characters: Sequence[Character]) -> Box:
    """The box around characters, on the level page."""
    return (
        min(one.left for one in characters),
        min(one.top for one in characters),
        max(one.right for one in characters),
        max(one.bottom for one in characters),
    )


def bare(text: str) -> str:
    """Without white space, in ordinary width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def core_of(text: str) -> str:
    """Without colons and brackets around it."""
    return bare(text).strip(_MARKS)
