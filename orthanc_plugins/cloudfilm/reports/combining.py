# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the sender said of a report, and what was read from its pages, made one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cloudfilm.reports.field_reading import SURE, FieldReading, ReportReading
from cloudfilm.reports.fields import ReportFields

_WHOSE = {"patient_name": "the patient's name", "patient_id": "the image number", "accession_number": "the exam number"}
_NUMBERS = {"patient_id", "accession_number"}


@dataclass(frozen=True, slots=True)
class Combined:
    """``contradiction`` names what differs between the message and the paper: people must look, nothing is bound by itself."""

    reading: ReportReading
    contradiction: str | None


def combine(read: ReportReading, given: ReportFields) -> Combined:
    """What was given goes before what was read; the paper fills what the message left open. What was read unsurely contradicts nothing."""
    said = {name: value for name, value in given.to_json().items() if value}
    differing = [what for name, what in _WHOSE.items() if name in said and _contradicts(said[name] or "", read, name)]
    reading = ReportReading(
        fields=ReportFields.from_json({**read.fields.to_json(), **said}),
        readings={**read.readings, **{name: FieldReading(value or "", 1.0) for name, value in said.items()}},
        needs_witness=read.needs_witness and not said.keys() >= _NUMBERS,
        form=read.form,
        unplaced=read.unplaced,
    )
    return Combined(reading, f"the message and the paper differ in {' and '.join(differing)}" if differing else None)


def _contradicts(said: str, read: ReportReading, name: str) -> bool:
    value, reading = getattr(read.fields, name), read.readings.get(name)
    is_sure = reading is None or reading.confidence >= SURE
    return bool(value) and is_sure and "".join(said.split()).casefold() != "".join(value.split()).casefold()
