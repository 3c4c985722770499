# SPDX-License-Identifier: AGPL-3.0-or-later
"""From the lines of a block of text back to the paragraphs that the doctor wrote."""

import re
from collections.abc import Sequence

from cloudfilm.reports.lines import Line

# A number that opens a paragraph; 1.2cm at the beginning of a line is not one.
_NUMBERED = re.compile(r"\s*(?:\d{1,2}[、)）]|\d{1,2}[.．](?!\d)|[(（]\d{1,2}[)）]|[①-⑳]|[一二三四五六七八九十]{1,2}、)")
_FULL_LINE = 0.75  # of the room between the text's left edge and the page's right one, or the next column: broken lines go at least so far
_SLACK = 1.2  # em: how much shorter than the longest line a full one may be
_FIRST_WORD = re.compile(r"\s*((?:[A-Za-z0-9.×+\-/]+|.)[，。、；：！？）,;:)%]*)")


def paragraphs(lines: Sequence[Line]) -> str:
    """
    Join the lines of a block, each paragraph on a line of its own.

    A line continues the paragraph when its first word found no room on the line before it, and it is not numbered itself; where the places are unknown every line is a
    paragraph.
    """
    right = max((line.right for line in lines if line.right is not None), default=0.0)
    left = min((line.left for line in lines if line.left is not None), default=0.0)
    joined: list[str] = []
    before: Line | None = None
    for line in lines:
        text = re.sub(r"\s+", " ", line.text).strip()
        if joined and before and _continues(before, line, joined[-1], left, right):
            joined[-1] += _space(joined[-1], text) + text
        else:
            joined.append(text)
        before = line
    return "\n".join(paragraph for paragraph in joined if paragraph)


def _continues(before: Line, line: Line, paragraph: str, left: float, right: float) -> bool:
    if before.right is None or line.left is None or _NUMBERED.match(line.text):
        return False
    word = _FIRST_WORD.match(line.text)
    room_needed = sum(0.55 if character.isascii() else 1.0 for character in (word[1] if word else "")) - 1.0 + _SLACK
    is_full = before.right >= left + _FULL_LINE * (before.room - left) and before.right + room_needed * before.em > right
    is_indented = line.left > left + line.em
    return is_full and (not is_indented or bool(_NUMBERED.match(paragraph)))


def _space(before: str, after: str) -> str:
    """Latin words need a space where the line was broken; Chinese, and a hyphen that broke a word, do not."""
    return " " if before[-1:].isascii() and before[-1:].isalnum() and after[:1].isascii() and after[:1].isalpha() else ""
