# SPDX-License-Identifier: AGPL-3.0-or-later
"""The query of a QIDO-RS request (PS3.18 §8.3.4 and §10.6.1.2), read once into a typed value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cloudfilm.dicom.search_conditions import Condition, parse_condition
from cloudfilm.dicom.search_keys import ALL_FIELDS, ALWAYS_RETURNED, KEYS, Level, attribute_named
from cloudfilm.errors import BadRequest

LARGEST_PAGE = 1000
_NUMBER = re.compile(r"[0-9]{1,9}")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is searched for, and how much of what is found is wanted.

    Attributes
    ----------
    conditions : dict
        By DICOM keyword.
    fields : tuple of str
        Keywords of what answers should hold.
    ignored : tuple of str
        Names of parameters that were not understood, as they were written.
    """

    level: Level
    conditions: dict[str, Condition]
    fields: tuple[str, ...]
    limit: int
    offset: int
    ignored: tuple[str, ...]


def parse_search(level: Level, query: Sequence[tuple[str, str]]) -> SearchRequest:
    """Read the decoded parameters of a search.

    A parameter that is unknown here is ignored and named in ``ignored``: the client is told by a Warning header.

    Raises
    ------
    BadRequest
        A value cannot be one of its parameter, or a parameter that may be given once is given twice.
    """
    written: dict[str, str] = {}
    fields: list[str] = list(ALWAYS_RETURNED[level])
    ignored: list[str] = []
    for name, value in query:
        if name.lower() == "includefield":
            for part in filter(None, value.split(",")):
                _include(level, part.strip(), fields, ignored)
            continue
        key = name if name in ("limit", "offset", "fuzzymatching", "accept") else attribute_named(name[:_LONGEST_NAME])
        if key is None:
            ignored.append(name)
            continue
        if key in written:
            raise BadRequest(f"{key} must be given once; a list of UIDs is separated by commas.")
        written[key] = value
    fuzzy = _flag(written.pop("fuzzymatching", "false"))
    limit, offset = _number("limit", written.pop("limit", str(LARGEST_PAGE))), _number("offset", written.pop("offset", "0"))
    written.pop("accept", None)
    conditions: dict[str, Condition] = {}
    for keyword, value in written.items():
        vr = KEYS[level].get(keyword)
        if vr is None:
            ignored.append(keyword)
            continue
        if (condition := parse_condition(keyword, vr, value, fuzzy)) is not None:
            conditions[keyword] = condition
        fields.append(keyword.split(".")[0])
    return SearchRequest(level, conditions, tuple(dict.fromkeys(fields)), min(limit, LARGEST_PAGE), offset, tuple(dict.fromkeys(ignored)))


def _include(level: Level, name: str, fields: list[str], ignored: list[str]) -> None:
    if name == "all":
        fields.extend(ALL_FIELDS[level])
    elif (keyword := attribute_named(name[:_LONGEST_NAME])) is not None:
        fields.append(keyword.split(".")[0])
    else:
        ignored.append(f"includefield={name}")


def _flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise BadRequest("fuzzymatching must be true or false.")
    return value == "true"


def _number(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise BadRequest(f"{name} must be a whole number of up to 9 digits.")
    return int(value)
