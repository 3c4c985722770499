# SPDX-License-Identifier: AGPL-3.0-or-later
"""HL7 v2 data types as our values: numbers (EI, CX), person names (XPN), dates and times (TS), sexes. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import hl7

from cloudfilm.reports.hl7_message import Condition, Message, MessageRefused

# A field that holds this says that the value is taken away; one that is empty says nothing.
DELETED = '""'
_HAN = re.compile("[⺀-鿿\U00020000-\U0003ffff]")
_TIME = re.compile(r"(\d{4})(\d{2})?(\d{2})?(?:(\d{2})(\d{2})?(\d{2})?(?:\.\d{1,6})?)?([+-]\d{4})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_NUMBER, _LONGEST_NAME, _LONGEST_TEXT = 64, 250, 200
_SEXES = {"M": "M", "F": "F", "O": "O", "A": "O", "男": "M", "女": "F"}


def number(message: Message, segment: hl7.Segment, field: int) -> str:
    """The first component of EI or CX.

    Raises
    ------
    MessageRefused
        It is longer than any number that we know.
    """
    value = _CONTROL.sub("", message.value_of(segment, field))
    if value == DELETED:
        return ""
    if len(value) > _LONGEST_NUMBER:
        raise MessageRefused(
            f"{segment[0]}-{field}: the number has {len(value)} characters; allowed are {_LONGEST_NUMBER}.", Condition.DATA_TYPE
        )
    return value


def text(message: Message, segment: hl7.Segment, field: int, component: int = 1) -> str | None:
    """A text, "" where it is taken away, None where nothing is said."""
    value = _CONTROL.sub(" ", message.value_of(segment, field, component)).strip()
    return None if not value else "" if value == DELETED else value[:_LONGEST_TEXT]


def person_name(message: Message, segment: hl7.Segment, field: int) -> str | None:
    """XPN repetitions as one PN value (PS3.5 §6.2.1.1): family, given and middle name, the alphabetic spelling before the ideographic one."""
    groups = []
    for repetition in message.components_of(segment, field):
        parts = [_CONTROL.sub("", part).replace("=", "").replace("^", "").strip() for part in repetition[:3]]
        group = "^".join(parts).rstrip("^")
        if group:
            groups.append(group)
    if not groups:
        return None
    if groups == [DELETED]:
        return ""
    ideographic = next((group for group in groups if _HAN.search(group)), "")
    alphabetic = next((group for group in groups if not _HAN.search(group)), "")
    name = f"{alphabetic}={ideographic}" if alphabetic and ideographic else alphabetic or ideographic
    if len(name) > _LONGEST_NAME:
        raise MessageRefused(
            f"{segment[0]}-{field}: the name has {len(name)} characters; allowed are {_LONGEST_NAME}.", Condition.DATA_TYPE
        )
    return name


def sex(message: Message, segment: hl7.Segment, field: int) -> str | None:
    """M, F or O (HL7 table 0001), "" for unknown, None where nothing is said."""
    value = message.value_of(segment, field).upper()
    return _SEXES.get(value, "") if value else None


def day(message: Message, segment: hl7.Segment, field: int) -> str | None:
    """A date as ISO 8601, "" where it is taken away, None where nothing is said.

    Raises
    ------
    MessageRefused
        It is no date.
    """
    value = message.value_of(segment, field)
    if not value or value == DELETED:
        return "" if value else None
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:8])).isoformat()
    except ValueError as error:
        raise MessageRefused(f"{segment[0]}-{field}: this is no date; allowed is YYYYMMDD.", Condition.DATA_TYPE) from error


def moment(message: Message, segment: hl7.Segment, field: int, component: int, zone: tzinfo) -> str | None:
    """A time as ISO 8601 in UTC, "" where it is taken away, None where nothing is said or what is said is no time."""
    value = message.value_of(segment, field, component)
    if value == DELETED:
        return ""
    found = parse_time(value, zone)
    return found.isoformat() if found else None


def parse_time(value: str, zone: tzinfo) -> datetime | None:
    """``YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ]`` in UTC; where no offset is written, in the hospital's zone."""
    found = _TIME.fullmatch(value)
    if found is None:
        return None
    year, month, day_of_month, hour, minute, second = (int(part) if part else None for part in found.groups()[:6])
    try:
        at = datetime(
            year or 1, month or 1, day_of_month or 1, hour or 0, minute or 0, min(second or 0, 59), tzinfo=_zone(found[7]) or zone
        )
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(offset: str | None) -> tzinfo | None:
    if not offset:
        return None
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timezone(timedelta(minutes=minutes if offset[0] == "+" else -minutes))


def said_at(message: Message, zone: tzinfo, now: datetime) -> datetime:
    """When a message was made (MSH-7). A sender whose clock goes ahead is not believed: its word would count for ever."""
    return min(parse_time(message.value("MSH", 7), zone) or now, now)
