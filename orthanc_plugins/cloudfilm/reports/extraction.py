# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fields of a report, from two readings of its text that check each other.

By the places of the characters we read what a person sees; by the stream, what the program wrote. What the eye sees goes first. Where the two, or two
pages, contradict each other about a number that identifies a patient or an exam, there is no value: a report must not be bound on a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloudfilm.reports import normalise
from cloudfilm.reports.confidence import AGREED, ALONE, BY_STREAM_ONLY, DISPUTED, plausibility, recognised
from cloudfilm.reports.field_reading import FieldReading, ReportReading, box_of
from cloudfilm.reports.field_values import value_of
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.labels import mend_broken_labels
from cloudfilm.reports.lines import Line, lines_of_stream
from cloudfilm.reports.page_lines import lines_by_place
from cloudfilm.reports.paragraphs import paragraphs
from cloudfilm.reports.reading import BELOW, WEAK, Reading, read_lines
from cloudfilm.reports.text_layer import PageText
from cloudfilm.reports.title import TitlePart, read_title

_IDENTIFYING = frozenset({"patient_id", "accession_number"})
_ASKED = (
    "patient_name", "patient_sex", "patient_age", "patient_id", "department", "outpatient_number", "inpatient_number", "visit_number",
    "bed_number", "accession_number", "exam_time", "report_time", "body_part", "exam_item", "exam_kind", "reporting_doctor",
    "reviewing_doctor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """A value with the lines that it was read from, and how sure it is before its characters are looked at."""

    value: str
    certainty: float
    lines: tuple[Line, ...] = ()


def extract_fields(pages: Sequence[PageText]) -> ReportFields:
    """The fields alone, as `read_report` reads them."""
    return read_report(pages).fields


def read_report(pages: Sequence[PageText]) -> ReportReading:
    """
    Read the fields of a report.

    Parameters
    ----------
    pages
        The text of all its pages, as `read_text_layer` gives it, or as it was recognised in pictures of them.
    """
    seen = read_lines([lines_by_place(page, number) for number, page in enumerate(pages, 1)])
    written = read_lines([lines_of_stream(mend_broken_labels(page.stream)) for page in pages])
    found = {name: _vote(name, seen, written) for name in _ASKED}
    found |= {name: _block(name, seen, written) for name in ("findings", "impression")}
    hospital, kind = read_title(seen.head if seen.seen else ())
    found["hospital_name"], found["report_kind"] = _title_part(hospital), _title_part(kind)
    _settle_shared_fields(found)
    _add_advice(found, _block("advice", seen, written))
    readings = {name: _reading(name, one, pages) for name, one in found.items() if one}
    fields = ReportFields.from_json({name: reading.value for name, reading in readings.items()})
    known = {reading.value for reading in readings.values()}
    if "accession_number" not in readings:  # two numbers that contradict each other are both no number of the exam
        seen.unplaced |= {one for reading in (seen, written) if (one := value_of("accession_number", reading.text_of("accession_number")))}
    return ReportReading(fields, readings, _needs_witness(readings, pages), unplaced=tuple(sorted(seen.unplaced - known)))


def _needs_witness(readings: Mapping[str, FieldReading], pages: Sequence[PageText]) -> bool:
    numbers = (readings[name] for name in (*_IDENTIFYING, "exam_time") if name in readings)
    return any(one.page is not None and pages[one.page - 1].is_picture for one in numbers)


def _settle_shared_fields(found: dict[str, _Found | None]) -> None:
    """What one label says for two fields: a visit's number is an inpatient's where there is a bed; an exam's name tells its part and kind."""
    visit = found.pop("visit_number")
    ward = "inpatient_number" if found["bed_number"] else "outpatient_number"
    found[ward] = found[ward] or visit
    item, kind = found.pop("exam_item"), found.pop("exam_kind")
    for source in (found["report_kind"], kind, item, found["body_part"]):
        code = normalise.modality_code(source.value) if source else None
        if source and code:
            found["modality"] = _Found(code, source.certainty, source.lines)
            break
    found["body_part"] = found["body_part"] or item


def _add_advice(found: dict[str, _Found | None], advice: _Found | None) -> None:
    """What the doctor advises under a heading of its own is read with the impression."""
    name = "impression" if found["impression"] else "findings"
    text = found[name]
    if advice and text:
        found[name] = _Found(f"{text.value}\n建议：{advice.value}", min(text.certainty, advice.certainty), (*text.lines, *advice.lines))


def _vote(field: str, seen: Reading, written: Reading) -> _Found | None:
    by_place, by_stream = value_of(field, seen.text_of(field)), value_of(field, written.text_of(field))
    if field in _IDENTIFYING and field in seen.contradicted | written.contradicted:
        return None
    if field not in seen.seen:
        below = written.below.get(field)
        return _found(by_stream, BY_STREAM_ONLY) or _found(value_of(field, below.text if below else ""), BY_STREAM_ONLY * BELOW)
    belongs_elsewhere = written.text_of(field) in {value.text for name, value in seen.values.items() if name != field}
    is_disputed = bool(by_place and by_stream and by_place != by_stream and not belongs_elsewhere)
    if is_disputed and field not in _IDENTIFYING and (by_place or "").startswith(by_stream or ""):
        is_disputed = False  # the value goes on on the next line, which the stream has elsewhere
    if is_disputed and field in _IDENTIFYING:
        return None
    if by_place:
        agreement = DISPUTED if is_disputed or field in seen.contradicted else AGREED if by_place == by_stream else ALONE
        return _Found(by_place, seen.values[field].certainty * agreement, (seen.values[field].line,))
    return None if belongs_elsewhere else _found(by_stream, BY_STREAM_ONLY)


def _found(value: str | None, certainty: float) -> _Found | None:
    return _Found(value, certainty) if value else None


def _title_part(part: TitlePart | None) -> _Found | None:
    return _Found(part.text, ALONE, (part.line,)) if part else None


def _block(field: str, seen: Reading, written: Reading) -> _Found | None:
    lines = tuple(seen.blocks.get(field, ()))
    by_place, by_stream = paragraphs(lines), paragraphs(written.blocks.get(field, ()))
    if not by_place or _is_cut_short(field, by_place, by_stream, seen):
        return _found(by_stream, BY_STREAM_ONLY) or (_Found(by_place, DISPUTED, lines) if by_place else None)
    is_same = "".join(by_place.split()) == "".join(by_stream.split())
    return _Found(by_place, (AGREED if is_same else ALONE) * (WEAK if field in seen.weak else 1), lines)


def _is_cut_short(field: str, by_place: str, by_stream: str, seen: Reading) -> bool:
    """Whether the stream has the same text and more: part of the text stands where it was not expected."""
    place, stream = "".join(by_place.split()), "".join(by_stream.split())
    other = "".join("".join(line.text for line in lines) for name, lines in seen.blocks.items() if name != field)
    foreign = (
        *("".join(line.split()) for line in other.splitlines()),
        *(value.text for value in seen.values.values() if len(value.text) > 5),
    )
    return len(stream) > len(place) and place in stream and not any(text and text in stream for text in foreign)


def _reading(name: str, found: _Found, pages: Sequence[PageText]) -> FieldReading:
    characters = [character for line in found.lines for character in line.characters]
    confidence = found.certainty * plausibility(name, found.value) * recognised(characters)
    if not characters:
        return FieldReading(found.value, round(confidence, 3))
    page = found.lines[0].page
    on_page = [character for line in found.lines if line.page == page for character in line.characters]
    return FieldReading(found.value, round(confidence, 3), page, box_of(on_page, pages[page - 1]))
