# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the sender said of a report, and what was read from its pages, made one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cloudfilm.reports.fields import ReportFields

_WHOSE = {"patient_name": "the patient's name", "patient_id": "the image number", "accession_number": "the exam number"}


@dataclass(frozen=True, slots=True)
class Combined:
    """``contradiction`` names what differs between the message and the paper: people must look, nothing is bound by itself."""

    fields: ReportFields
    contradiction: str | None


def combine(read: ReportFields, given: ReportFields) -> Combined:
    """What was given goes before what was read; the paper fills what the message left open."""
    said = {name: value for name, value in given.to_json().items() if value}
    differing = [what for name, what in _WHOSE.items() if name in said and _differs(said[name], getattr(read, name))]
    fields = ReportFields.from_json({**read.to_json(), **said})
    return Combined(fields, f"the message and the paper differ in {' and '.join(differing)}" if differing else None)


def _differs(said: str | None, read: str | None) -> bool:
    return bool(said and read) and "".join((said or "").split()).casefold() != "".join((read or "").split()).casefold()
