# SPDX-License-Identifier: AGPL-3.0-or-later
"""What tells who a patient is, and whether a text holds it: names in every group and order of their parts, numbers whole or in part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

# Of a number, a run of so many digits is as good as the whole.
_DIGITS = re.compile(r"\d{5,}")
_BETWEEN_PARTS = re.compile(r"[\^=\s,;/·•.\\]+")
_CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{3,4}")
# A Latin part shorter than this is looked for as a word: "Li" is not in "limited".
_SHORTEST_FRAGMENT = 4
_SHORTEST_IN_A_CODE = 5
_SHORTEST = 2


class Telling:
    """Finds names and numbers in texts.

    Parameters
    ----------
    names : iterable of str
        Person names, as PN (PS3.5 §6.2.1) or as people write them: the whole and each part tells. A single letter or character does not: a
        family name such as 高 is in too many words.
    numbers : iterable of str
        What tells as a whole: numbers, places, devices.
    """

    def __init__(self, names: Iterable[str], numbers: Iterable[str]) -> None:
        parts = {part for name in names for part in _parts_of_name(_plain(name))}
        parts |= {part for number in numbers for part in _parts_of_number(_plain(number))}
        parts = {part for part in parts if len(part) >= _SHORTEST}
        self._in_text = _any_of(_as_written(part) for part in sorted(parts))
        self._in_code = _any_of(_as_written(part) for part in sorted(parts) if len(part) >= _SHORTEST_IN_A_CODE or not part.isascii())
        self.is_in_text = lru_cache(maxsize=4096)(self._is_in_text)

    def _is_in_text(self, text: str) -> bool:
        return self._in_text.search(_plain(text)) is not None

    def is_in_code(self, code: str) -> bool:
        """Whether a defined term (CS) holds one: only what cannot be one by chance, as ``HEAD`` of a phantom named so can."""
        return self._in_code.search(_plain(code)) is not None


def _plain(text: str) -> str:
    """Full-width forms and capitals are all one."""
    return normalize("NFKC", text).casefold().strip()


def _parts_of_name(name: str) -> set[str]:
    groups = [_BETWEEN_PARTS.sub("", group) for group in name.split("=")]
    # A Chinese name written as one word: the family name is its first character, or its first two.
    given = [group[len(group) // 2 :] for group in groups if _CHINESE.fullmatch(group)]
    return {*groups, *given, *_BETWEEN_PARTS.split(name)}


def _parts_of_number(number: str) -> set[str]:
    return {_BETWEEN_PARTS.sub("", number), *_DIGITS.findall(number)}


def _as_written(part: str) -> str:
    """A pattern for it, with anything that is no letter between its characters; short Latin parts as words."""
    if part.isascii() and len(part) < _SHORTEST_FRAGMENT:
        return rf"(?<![^\W_]){re.escape(part)}(?![^\W_])"
    return r"[\W_]*".join(map(re.escape, part))


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or r"(?!)")
