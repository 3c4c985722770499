# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of a structured report: its content tree (PS3.3 §C.17.3) as findings and impression. Pure.

A heading is known by its code, or by its meaning in Chinese or English. What stands under other headings is kept with its heading: nothing that
the doctor wrote is left out of the page that a patient reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from pydicom.dataset import Dataset

# PS3.16: CID 7001 and 7002 by their present and former codes. Recommendations and addenda belong to what the reader must not miss.
_FINDINGS_CODES = frozenset({("DCM", "121070"), ("DCM", "121071"), ("LN", "59776-5"), ("LN", "18782-3")})
_IMPRESSION_CODES = frozenset({
    ("DCM", "121072"), ("DCM", "121073"), ("DCM", "121076"), ("DCM", "121077"), ("DCM", "121111"), ("LN", "19005-8"), ("LN", "55110-1"),
    ("LN", "72133-2"),
})  # fmt: skip
_BESIDE_IMPRESSION_CODES = frozenset({("DCM", "121074"), ("DCM", "121075"), ("DCM", "121078"), ("LN", "18783-1"), ("LN", "55107-7")})
_FINDINGS_WORDS = re.compile(r"所见|描述|表现|^findings?$|imaging findings|description", re.IGNORECASE)
_IMPRESSION_WORDS = re.compile(r"意见|结论|诊断|印象|提示|impression|conclusion|diagnosis", re.IGNORECASE)
_BESIDE_IMPRESSION_WORDS = re.compile(r"建议|补充|recommendation|addendum", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"^(正文|内容|文本|text|content|section text|comment)$", re.IGNORECASE)
_DEEPEST = 32
_MOST_ITEMS = 5000


class TooManyItems(Exception):
    """The tree is larger than a report is."""


class Section(Enum):
    """Where a text belongs."""

    FINDINGS = auto()
    IMPRESSION = auto()
    OTHER = auto()


@dataclass(slots=True)
class SrText:
    """Lines of findings and impression, and the people named as observers, in the order of the document."""

    findings: list[str] = field(default_factory=list)
    impression: list[str] = field(default_factory=list)
    observers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """The nearest heading above an item. ``heading`` is written before the first line of a section that has no place of its own."""

    section: Section | None = None
    heading: str = ""
    is_beside_impression: bool = False


def sr_text(document: Dataset) -> SrText:
    """Read the tree.

    Raises
    ------
    TooManyItems
        It is deeper or larger than any report.
    """
    text, last = SrText(), {True: "", False: ""}  # the heading written last in each
    for item, place in _walk(document, _Place(), 0, [0]):
        if item.get("ValueType") == "PNAME":
            if concept_of(item, "ConceptNameCodeSequence")[1] == "121008":
                text.observers.append(str(item.get("PersonName", "")))
            continue
        lines = _lines_of(item, place)
        if not lines:
            continue
        is_impression = place.section is Section.IMPRESSION or place.is_beside_impression
        target = text.impression if is_impression else text.findings
        if place.heading and place.heading != last[is_impression]:
            target.append(f"{place.heading}：")
        last[is_impression] = place.heading
        target.extend(lines)
    return text


def concept_of(dataset: Dataset, keyword: str) -> tuple[str, str, str]:
    """Scheme, value and meaning of a coded concept, empty where there is none."""
    items = dataset.get(keyword) or []
    if not items:
        return "", "", ""
    one = items[0]
    return tuple(str(one.get(name, "") or "").strip() for name in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning"))  # type: ignore[return-value]


def _walk(parent: Dataset, place: _Place, depth: int, seen: list[int]) -> Iterator[tuple[Dataset, _Place]]:
    if depth > _DEEPEST:
        raise TooManyItems
    for item in parent.get("ContentSequence") or []:
        seen[0] += 1
        if seen[0] > _MOST_ITEMS:
            raise TooManyItems
        relationship = str(item.get("RelationshipType", ""))
        if relationship not in ("CONTAINS", "HAS PROPERTIES", "HAS OBS CONTEXT"):
            continue
        below = _place_of(item, place)
        yield item, below
        yield from _walk(item, below, depth + 1, seen)


def _place_of(item: Dataset, place: _Place) -> _Place:
    scheme, value, meaning = concept_of(item, "ConceptNameCodeSequence")
    if (scheme, value) in _FINDINGS_CODES or _FINDINGS_WORDS.search(meaning):
        # A finding under a heading of its own stays there.
        return place if place.section is Section.FINDINGS and item.get("ValueType") != "CONTAINER" else _Place(Section.FINDINGS)
    if (scheme, value) in _BESIDE_IMPRESSION_CODES or _BESIDE_IMPRESSION_WORDS.search(meaning):
        is_there = place.is_beside_impression and item.get("ValueType") != "CONTAINER"
        return place if is_there else _Place(Section.OTHER, meaning, is_beside_impression=True)
    if (scheme, value) in _IMPRESSION_CODES or _IMPRESSION_WORDS.search(meaning):
        return place if place.section is Section.IMPRESSION and item.get("ValueType") != "CONTAINER" else _Place(Section.IMPRESSION)
    if item.get("ValueType") == "CONTAINER" or place.section is None:
        return _Place(place.section or Section.OTHER, meaning, place.is_beside_impression) if meaning else place
    return place


def _lines_of(item: Dataset, place: _Place) -> list[str]:
    """An item in words: a text, a code or a measurement, with its name where that is no heading and says something."""
    match item.get("ValueType"):
        case "TEXT":
            if str(item.get("RelationshipType", "")) == "HAS OBS CONTEXT":
                return []
            lines = [line.strip() for line in re.split(r"[\r\n]+", str(item.get("TextValue", "") or "")) if line.strip()]
            return [f"{name}：{lines[0]}", *lines[1:]] if lines and (name := _telling_name(item, place)) else lines
        case "CODE" if str(item.get("RelationshipType", "")) != "HAS OBS CONTEXT":
            meaning = concept_of(item, "ConceptCodeSequence")[2]
            name = concept_of(item, "ConceptNameCodeSequence")[2]
            return [f"{name}：{meaning}" if name else meaning] if meaning else []
        case "NUM":
            measured = (item.get("MeasuredValueSequence") or [None])[0]
            number = str(measured.get("NumericValue", "")) if measured is not None else ""
            unit = concept_of(measured, "MeasurementUnitsCodeSequence")[1] if measured is not None else ""
            name = concept_of(item, "ConceptNameCodeSequence")[2]
            return [f"{name}：{number} {'' if unit == '1' else unit}".rstrip()] if number else []
    return []


def _telling_name(item: Dataset, place: _Place) -> str:
    scheme, value, meaning = concept_of(item, "ConceptNameCodeSequence")
    known = (scheme, value) in _FINDINGS_CODES | _IMPRESSION_CODES | _BESIDE_IMPRESSION_CODES
    words = (_FINDINGS_WORDS, _IMPRESSION_WORDS, _BESIDE_IMPRESSION_WORDS, _SAYS_NOTHING)
    return "" if known or meaning == place.heading or any(pattern.search(meaning) for pattern in words) else meaning
