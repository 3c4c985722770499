# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the taught form says, and what the general reader found, made one reading.

The form's areas go first, also where one is blank. The general reader fills in what was not marked, and is a second witness of the numbers that
identify the patient and the exam: where it read another one, people look, unless it was wrong about that field on the sample already.
"""

from __future__ import annotations

from dataclasses import replace

from cloudfilm.reports import normalise
from cloudfilm.reports.field_reading import SURE, FieldReading, FormMatch, ReportReading
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.form_recognition import RecognisedForm
from cloudfilm.reports.taught_form import IDENTIFYING

CONTRADICTED = 0.5  # what is left of the confidence
_WITNESSED = (*IDENTIFYING, "exam_time")


def with_form(general: ReportReading, recognised: RecognisedForm) -> ReportReading:
    """The reading of a report that was recognised as printed on a taught form."""
    form = recognised.form
    readings = dict(general.readings)
    for name, area in recognised.areas.items():
        readings.pop(name, None)
        other = general.readings.get(name)
        if area.reading is not None:
            readings[name] = area.reading
            if name in IDENTIFYING and name not in form.overrules and other is not None and _contradicts(other, area.reading):
                readings[name] = replace(area.reading, confidence=round(area.reading.confidence * CONTRADICTED, 3))
        elif name in IDENTIFYING and name not in form.overrules and other is not None:
            readings[name] = replace(other, confidence=round(min(other.confidence, SURE) * CONTRADICTED, 3))
    _settle_modality(readings, recognised)
    fields = ReportFields.from_json({name: reading.value for name, reading in readings.items()})
    match = FormMatch(form.form_id, form.version, form.name, recognised.score)
    needs_witness = general.needs_witness or _is_from_picture(readings, recognised)
    known = {reading.value for reading in readings.values()}
    return ReportReading(fields, readings, needs_witness, match, tuple(one for one in general.unplaced if one not in known))


def _contradicts(other: FieldReading, reading: FieldReading) -> bool:
    return other.confidence >= SURE and "".join(other.value.split()).casefold() != "".join(reading.value.split()).casefold()


def _settle_modality(readings: dict[str, FieldReading], recognised: RecognisedForm) -> None:
    kind = recognised.form.kind
    if kind:
        readings.pop("modality", None)
        if kind != "other":
            readings["modality"] = FieldReading(kind, 1.0)
    elif "report_kind" in recognised.areas and (title := readings.get("report_kind")) and (code := normalise.modality_code(title.value)):
        readings["modality"] = replace(title, value=code)


def _is_from_picture(readings: dict[str, FieldReading], recognised: RecognisedForm) -> bool:
    """Whether a number that identifies the exam was recognised in a picture."""
    found = (readings[name] for name in _WITNESSED if name in readings)
    return any(one.page in recognised.picture_pages for one in found)
