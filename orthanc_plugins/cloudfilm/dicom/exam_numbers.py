# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exam numbers in what a form has in that place: a report of several exams may print several. Pure."""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"[\s,;、，；/+&]+")


def exam_numbers(printed: str | None) -> tuple[str, ...]:
    """The whole as it is printed, and where there are signs that separate numbers, each of these: ``A1、A2`` gives ``A1、A2``, ``A1`` and ``A2``."""
    whole = (printed or "").strip()
    parts = [part for part in _BETWEEN.split(whole) if part]
    return tuple(dict.fromkeys([whole, *parts])) if whole else ()
