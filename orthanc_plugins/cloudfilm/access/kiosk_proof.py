# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody at a kiosk must know beside a number, so that nobody prints another's report by a slip of the finger. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum

END = 4
_NOT_DIGITS = re.compile(r"\D+")


class KioskProof(StrEnum):
    """What a hospital asks for."""

    BIRTH_DATE = "birth-date"
    NUMBER_END = "number-end"  # the last four characters of another number on the slip


def proves(proof: KioskProof, typed: str, entered: str, numbers: Iterable[str], birth_dates: Collection[date]) -> bool:
    """Whether what was typed fits a report.

    Parameters
    ----------
    entered
        The number that the report was found by: it proves nothing itself, nor does one that ends alike.
    numbers
        The report's exam, image, outpatient and inpatient number.
    """
    if proof is KioskProof.BIRTH_DATE:
        digits = _NOT_DIGITS.sub("", typed)
        return len(digits) == 8 and digits in {f"{one:%Y%m%d}" for one in birth_dates}
    end = _end(typed)
    others = {_end(number) for number in numbers if len(_plain(number)) >= END} - {_end(entered)}
    return len(_plain(typed)) == END and end in others


def masked_name(name: str) -> str:
    """The first character and a star: 张*."""
    first = name.strip()[:1]
    return f"{first}*" if first else "*"


def _plain(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


def _end(text: str) -> str:
    return _plain(text)[-END:]
