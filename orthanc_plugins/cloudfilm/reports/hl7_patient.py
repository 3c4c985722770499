# SPDX-License-Identifier: AGPL-3.0-or-later
"""What ADT messages say of patients (HL7 v2.5.1 §3.3): A08 and A31 correct what is known of one, A40 and its older forms merge numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import hl7

from cloudfilm.reports.hl7_message import Condition, Message, MessageRefused
from cloudfilm.reports.hl7_values import day, number, person_name, sex

CORRECTIONS = ("ADT^A08", "ADT^A31")
# A18 and A34 are A40's older forms; A36 merges account numbers too, of which we keep none.
MERGES = ("ADT^A40", "ADT^A18", "ADT^A34", "ADT^A36")


@dataclass(frozen=True, slots=True)
class PatientWord:
    """What is said of a patient, by the names of the columns of ``study``; what is left out is unchanged, "" is taken away."""

    patient_id: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class MergeWord:
    """Two numbers are one patient's."""

    old_patient_id: str
    new_patient_id: str


def patient_facts(message: Message, pid: hl7.Segment) -> dict[str, str]:
    """Name, sex and date of birth of a PID segment, as far as it says them."""
    facts = {
        "patient_name": person_name(message, pid, 5),
        "patient_sex": sex(message, pid, 8),
        "patient_birth_date": day(message, pid, 7),
    }
    return {name: value for name, value in facts.items() if value is not None}


def correction_of(message: Message) -> PatientWord:
    """Read ADT^A08 or A31.

    Raises
    ------
    MessageRefused
        It names no patient, or says nothing of one.
    """
    pid = _only(message, "PID")
    patient_id = number(message, pid, 3)
    if not patient_id:
        raise MessageRefused("PID-3: the patient's number is missing.", Condition.REQUIRED)
    # A patient without a name, a sex or a date of birth helps nobody: what a register takes away is not taken from the images.
    facts = {name: value for name, value in patient_facts(message, pid).items() if value}
    if not facts:
        raise MessageRefused("PID: neither name (PID-5) nor date of birth (PID-7) nor sex (PID-8) is there.", Condition.REQUIRED)
    return PatientWord(patient_id, facts)


def merges_of(message: Message) -> list[MergeWord]:
    """Read ADT^A40, A18, A34 or A36: every MRG with the PID before it.

    Raises
    ------
    MessageRefused
        A number is missing, or both are the same.
    """
    found = []
    pid: hl7.Segment | None = None
    for segment in message.parsed:
        name = str(segment[0])
        if name == "PID":
            pid = segment
        elif name == "MRG":
            if pid is None:
                raise MessageRefused("MRG: there is no PID before it.", Condition.SEGMENT)
            old, new = number(message, segment, 1), number(message, pid, 3)
            if not old or not new:
                raise MessageRefused("MRG-1 and PID-3: the old and the new patient number are needed.", Condition.REQUIRED)
            if old == new:
                raise MessageRefused("MRG-1 and PID-3: both patient numbers are the same.", Condition.DATA_TYPE)
            found.append(MergeWord(old, new))
    if not found:
        raise MessageRefused("MRG: the segment is missing.", Condition.SEGMENT)
    return found


def _only(message: Message, name: str) -> hl7.Segment:
    found = message.segments(name)
    if len(found) != 1:
        raise MessageRefused(f"{name}: the message has {len(found)} of this segment; allowed is one.", Condition.SEGMENT)
    return found[0]
