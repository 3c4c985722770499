# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attribute matching (PS3.4 §C.2.2.2): what a client wrote for a matching key becomes a condition on the attribute's values.

Expressions are regular expressions that PostgreSQL and Python understand alike, so that the database and the comparison in memory agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from cloudfilm.dicom.values import is_uid, parse_dicom_date, parse_dicom_time
from cloudfilm.errors import BadRequest

_LONGEST_VALUE = 1024
_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d{1,6})?)?)?")


@dataclass(frozen=True, slots=True)
class OneOf:
    """List of UID matching, and single value matching: the value is one of these, as written."""

    values: frozenset[str]

    def accepts(self, values: Sequence[str]) -> bool:
        """Whether an attribute with these values matches."""
        return not self.values.isdisjoint(values)


@dataclass(frozen=True, slots=True)
class Like:
    """Wildcard and person name matching: every expression is found in the value.

    ``literals`` are in every value that matches, ``beginning`` is how each begins (as far as it is known): what an index can look for.
    """

    expressions: tuple[str, ...]
    ignores_case: bool
    literals: tuple[str, ...] = ()
    beginning: str = ""

    def accepts(self, values: Sequence[str]) -> bool:
        """Whether an attribute with these values matches."""
        flags = re.DOTALL | (re.IGNORECASE if self.ignores_case else 0)
        return any(all(re.search(expression, value, flags) for expression in self.expressions) for value in values)


@dataclass(frozen=True, slots=True)
class DateRange:
    """Range matching; both ends belong to it, None is open."""

    first: date | None
    last: date | None

    def accepts(self, values: Sequence[str]) -> bool:
        """Whether an attribute with these values matches."""
        days = [day for value in values if (day := parse_dicom_date(value))]
        return any((self.first or day) <= day <= (self.last or day) for day in days)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Range matching; a time without seconds or minutes is all that begins so."""

    first: time | None
    last: time | None

    def accepts(self, values: Sequence[str]) -> bool:
        """Whether an attribute with these values matches."""
        moments = [moment for value in values if (moment := parse_dicom_time(value))]
        return any((self.first or moment) <= moment <= (self.last or moment) for moment in moments)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """Single value matching of IS and US: 1, 01 and +1 are one number."""

    number: int

    def accepts(self, values: Sequence[str]) -> bool:
        """Whether an attribute with these values matches."""
        return any(_number(value) == self.number for value in values)


type Condition = OneOf | Like | DateRange | TimeRange | WholeNumber


def parse_condition(keyword: str, vr: str, text: str, fuzzy: bool) -> Condition | None:
    """What a matching key asks for; None where everything matches (universal matching).

    Parameters
    ----------
    keyword, vr : str
        The attribute and its value representation.
    text : str
        The value, decoded.
    fuzzy : bool
        Person names by the beginnings of their parts, in whatever order (PS3.18 §8.3.4.2 leaves the way to the origin server).

    Raises
    ------
    BadRequest
        The value cannot be one of this attribute.
    """
    text = text.strip()
    if text == "" or text.strip("*") == "":
        return None
    if len(text) > _LONGEST_VALUE or any(ord(character) < 32 for character in text):
        raise BadRequest(f"The value of {keyword} is too long or holds control characters.")
    match vr:
        case "UI":
            return _uids(keyword, text)
        case "DA":
            return _dates(keyword, text)
        case "TM":
            return _times(keyword, text)
        case "IS" | "US":
            return _whole_number(keyword, text)
        case "PN":
            return _fuzzy_name(text) if fuzzy else _name(text)
        case "CS":
            return _text([part.strip() for part in re.split(r"[\\,]", text) if part.strip()])
        case _:
            return _text([text])


def _uids(keyword: str, text: str) -> OneOf:
    uids = [uid.strip() for uid in re.split(r"[\\,]", text)]
    if not all(map(is_uid, uids)):
        raise BadRequest(f"{keyword} must be a UID, or UIDs separated by commas.")
    return OneOf(frozenset(uids))


def _dates(keyword: str, text: str) -> DateRange:
    first, is_range, last = text.partition("-")
    ends = [parse_dicom_date(end) if _DATE.fullmatch(end) else None for end in (first, last)]
    if any(written and end is None for written, end in zip((first, last), ends, strict=True)) or (is_range and ends == [None, None]):
        raise BadRequest(f"{keyword} must be a date YYYYMMDD, or a range YYYYMMDD-YYYYMMDD that may be open at one end.")
    return DateRange(ends[0], ends[1] if is_range else ends[0])


def _times(keyword: str, text: str) -> TimeRange:
    first, is_range, last = text.partition("-")
    earliest, latest = _moments(first), _moments(last if is_range else first)
    if (first and earliest is None) or (last and latest is None) or (is_range and not first and not last):
        raise BadRequest(f"{keyword} must be a time HHMMSS or the beginning of one, or a range of two that may be open at one end.")
    return TimeRange(earliest[0] if earliest else None, latest[1] if latest else None)


def _moments(text: str) -> tuple[time, time] | None:
    """The first and the last second that begin so."""
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59 or int(match[3] or 0) > 60:
        return None
    hours, minutes, seconds = int(match[1]), match[2], match[3]
    first = time(hours, int(minutes or 0), min(int(seconds or 0), 59))
    return first, time(hours, int(minutes or 59), min(int(seconds or 59), 59))


def _whole_number(keyword: str, text: str) -> WholeNumber:
    number = _number(text)
    if number is None:
        raise BadRequest(f"{keyword} must be a whole number.")
    return WholeNumber(number)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\s*[+-]?\d{1,12}\s*", text) else None


def _text(alternatives: Sequence[str]) -> Condition | None:
    if not any(character in part for part in alternatives for character in "*?"):
        return OneOf(frozenset(alternatives)) if alternatives else None
    beginning = re.split(r"[*?]", alternatives[0])[0] if len(alternatives) == 1 else ""
    return Like(("^(?:" + "|".join(_expression(part, ".") for part in alternatives) + ")$",), ignores_case=False, beginning=beginning)


def _name(text: str) -> Like:
    """A name matches by the whole value or by one of its component groups: alphabetic, ideographic, phonetic (PS3.5 §6.2.1.1)."""
    literals = tuple(filter(None, re.split(r"[*?]+", text.rstrip("^= "))))
    if "=" in text:
        return Like((f"^{_expression(text.rstrip('^='), '.')}[\\^=]*$",), True, literals)
    return Like((f"(?:^|=){_expression(text.rstrip('^ '), '[^=]')} *\\^*(?:=|$)",), True, literals)


def _fuzzy_name(text: str) -> Like | None:
    words = [word for word in re.split(r"[\s^=,*?]+", text) if word]
    between = r"[\^ ]*"
    found = tuple(f"(?:^|[=^ ]){between.join(re.escape(character) for character in word)}" for word in words)
    return Like(found, True, tuple(words)) if found else None


def _expression(text: str, any_character: str) -> str:
    """A value with wildcards: ``*`` is any characters, ``?`` is one (PS3.4 §C.2.2.2.4). A run of asterisks is one."""
    special = {"*": any_character + "*", "?": any_character}
    return "".join(special.get(character) or re.escape(character) for character in re.sub(r"\*+", "*", text))
