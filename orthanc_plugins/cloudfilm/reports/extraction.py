# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fields of a report, from two readings of its text that check each other.

By the places of the characters we read what a person sees; by the stream, what the program wrote. The first fails where a table cell breaks a
label in two, the second where all labels are drawn before all values. What the eye sees goes first. Where the two, or two pages, contradict each
other about a number that identifies a patient or an exam, there is no value: a report must not be bound on a guess.
"""

from collections.abc import Callable, Sequence

from cloudfilm.reports import normalise
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.labels import mend_broken_labels
from cloudfilm.reports.lines import lines_by_place, lines_of_stream
from cloudfilm.reports.paragraphs import paragraphs
from cloudfilm.reports.reading import Reading, read_lines
from cloudfilm.reports.text_layer import PageText
from cloudfilm.reports.title import read_title

_IDENTIFYING = frozenset({"patient_id", "accession_number"})
_READ_AS: dict[str, Callable[[str], str | None]] = {
    "patient_name": normalise.person_name,
    "patient_sex": normalise.sex_code,
    "patient_id": normalise.identifier,
    "accession_number": normalise.identifier,
    "outpatient_number": normalise.identifier,
    "inpatient_number": normalise.identifier,
    "visit_number": normalise.identifier,
    "exam_time": normalise.iso_time,
    "report_time": normalise.iso_time,
    "reporting_doctor": normalise.person_name,
    "reviewing_doctor": normalise.person_name,
}


def extract_fields(pages: Sequence[PageText]) -> ReportFields:
    """
    Read the fields of a report from the text layer of all its pages.

    Parameters
    ----------
    pages
        As `read_text_layer` gives them. Pages without text give empty fields: such a report needs OCR.
    """
    seen = read_lines([lines_by_place(page) for page in pages])
    written = read_lines([lines_of_stream(mend_broken_labels(page.stream)) for page in pages])

    def vote(field: str) -> str | None:
        return _vote(field, seen, written)

    hospital_name, report_kind = read_title(seen.head if seen.seen else ())
    visit_number, bed_number = vote("visit_number"), vote("bed_number")
    body_part, exam_item = vote("body_part"), vote("exam_item")
    modality = next(
        filter(None, (normalise.modality_code(text or "") for text in (report_kind, vote("exam_kind"), exam_item, body_part))), None
    )
    return ReportFields(
        hospital_name=hospital_name,
        report_kind=report_kind,
        modality=modality,
        patient_name=vote("patient_name"),
        patient_sex=vote("patient_sex"),
        patient_age=vote("patient_age"),
        patient_id=vote("patient_id"),
        department=vote("department"),
        outpatient_number=vote("outpatient_number") or (None if bed_number else visit_number),
        inpatient_number=vote("inpatient_number") or (visit_number if bed_number else None),
        bed_number=bed_number,
        accession_number=vote("accession_number"),
        exam_time=vote("exam_time"),
        report_time=vote("report_time"),
        body_part=body_part or exam_item,
        findings=_block("findings", seen, written),
        impression=_block("impression", seen, written),
        reporting_doctor=vote("reporting_doctor"),
        reviewing_doctor=vote("reviewing_doctor"),
    )


def _vote(field: str, seen: Reading, written: Reading) -> str | None:
    read_as = _READ_AS.get(field, normalise.plain)
    by_place, by_stream = read_as(seen.values.get(field, "")), read_as(written.values.get(field, ""))
    if field in _IDENTIFYING and field in seen.contradicted | written.contradicted:
        return None
    if field not in seen.seen:
        return by_stream or read_as(written.below.get(field, ""))
    belongs_elsewhere = written.values.get(field) in {value for name, value in seen.values.items() if name != field}
    if by_place and by_stream and by_place != by_stream and field in _IDENTIFYING and not belongs_elsewhere:
        return None
    return by_place or (None if belongs_elsewhere else by_stream)


def _block(field: str, seen: Reading, written: Reading) -> str | None:
    by_place, by_stream = paragraphs(seen.blocks.get(field, ())), paragraphs(written.blocks.get(field, ()))
    if not by_place or _is_cut_short(field, by_place, by_stream, seen):
        return by_stream or by_place or None
    return by_place


def _is_cut_short(field: str, by_place: str, by_stream: str, seen: Reading) -> bool:
    """Whether the stream has the same text and more: the heading stands in the middle of the text's height, beside it."""
    place, stream = "".join(by_place.split()), "".join(by_stream.split())
    other = "".join("".join(line.text for line in lines) for name, lines in seen.blocks.items() if name != field)
    foreign = (*("".join(line.split()) for line in other.splitlines()), *(value for value in seen.values.values() if len(value) > 5))
    return len(stream) > len(place) and place in stream and not any(text and text in stream for text in foreign)
