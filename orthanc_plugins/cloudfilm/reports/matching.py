# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which study a report belongs to.

A report on the wrong study harms a patient, and a report that waits does not. So a report is matched when one study fits and nothing speaks
against it, and in every other case somebody decides:

1. The accession number is equal, on exactly one study, and neither patient ids nor modalities contradict.
2. Without an accession number on the report, or with one that no study has: patient id and exam date are equal, accession number, modality
   and body part do not contradict, and exactly one study is left. Where a body part is unknown on either side, that study must be the patient's
   only one of that day and modality.

A report whose identifying numbers were not read with certainty is not matched. One whose text was recognised in a picture needs a witness: patient id
or name must be equal beside the number by which the study was found.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.body_parts import body_parts
from cloudfilm.reports.fields import ReportFields

# One plain film is named in several ways: by the report's title as DR, by the modality as CR, DX or RF.
_IDENTIFYING = frozenset({"patient_id", "accession_number", "exam_time"})
_SAME_MODALITY = {"DX": frozenset({"DX", "CR", "DR", "RF"}), "CR": frozenset({"DX", "CR", "DR", "RF"}), "MG": frozenset({"MG", "DX", "CR"})}


@dataclass(frozen=True, slots=True)
class StudyCandidate:
    """What is known of a study of the report's own hospital. `modalities` is ModalitiesInStudy (0008,0061)."""

    study_instance_uid: str
    patient_id: str | None = None
    patient_name: str | None = None
    accession_number: str | None = None
    study_date: date | None = None
    body_part: str | None = None
    modalities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """The report belongs to this study."""

    study_instance_uid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Studies that the report may belong to; a person decides. The reason names no patient."""

    study_instance_uids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No study fits (yet)."""

    reason: str


def match_report(
    fields: ReportFields, candidates: Sequence[StudyCandidate], *, unsure: Collection[str] = (), needs_witness: bool = False
) -> Matched | Ambiguous | NoMatch:
    """
    Decide which study a report belongs to.

    Parameters
    ----------
    fields
        What was read from the report.
    candidates
        Studies of the same hospital. Two hospitals may use the same numbers: others must not be among them.
    unsure
        The fields that were not read with certainty.
    needs_witness
        Whether the text was recognised in a picture, where a wrong digit looks like a right one.
    """
    decision = _match(fields, candidates)
    if not isinstance(decision, Matched):
        return decision
    if not _IDENTIFYING.isdisjoint(unsure):
        return Ambiguous((decision.study_instance_uid,), "a number that identifies the exam was not read with certainty")
    (study,) = (study for study in candidates if study.study_instance_uid == decision.study_instance_uid)
    if needs_witness and not _is_witnessed(fields, study):
        return Ambiguous((decision.study_instance_uid,), "the report is a picture, and nothing confirms the number that was recognised")
    return decision


def _is_witnessed(fields: ReportFields, study: StudyCandidate) -> bool:
    """Whether two of accession number, patient id and name are equal."""
    accession = _same(fields.accession_number) and _same(fields.accession_number) == _same(study.accession_number)
    patient = _same(fields.patient_id) and _same(fields.patient_id) == _same(study.patient_id)
    name = fields.patient_name and study.patient_name and display_name(study.patient_name) == fields.patient_name
    return sum(map(bool, (accession, patient, name))) >= 2


def _match(fields: ReportFields, candidates: Sequence[StudyCandidate]) -> Matched | Ambiguous | NoMatch:
    accession_number = _same(fields.accession_number)
    if accession_number:
        same = [study for study in candidates if _same(study.accession_number) == accession_number]
        if same:
            return _by_accession_number(fields, same)
    return _by_patient_and_day(fields, candidates)


def _by_accession_number(fields: ReportFields, studies: Sequence[StudyCandidate]) -> Matched | Ambiguous:
    uids = tuple(study.study_instance_uid for study in studies)
    if len(studies) > 1:
        return Ambiguous(uids, "several studies have the report's accession number")
    study = studies[0]
    if _differ(fields.patient_id, study.patient_id):
        return Ambiguous(uids, "the accession number is equal, the patient id is not")
    if not _is_modality_possible(fields, study):
        return Ambiguous(uids, "the accession number is equal, the modality is not")
    return Matched(study.study_instance_uid, "the accession number is equal")


def _by_patient_and_day(fields: ReportFields, candidates: Sequence[StudyCandidate]) -> Matched | Ambiguous | NoMatch:
    patient_id, day = _same(fields.patient_id), _exam_date(fields)
    if not patient_id or not day:
        return NoMatch("the report has no accession number of a known study, and not both a patient id and an exam date")
    tests: tuple[Callable[[StudyCandidate], bool], ...] = (
        lambda study: _same(study.patient_id) == patient_id and study.study_date == day,
        lambda study: _is_modality_possible(fields, study) and not _differ(fields.accession_number, study.accession_number),
    )
    of_the_day = [study for study in candidates if all(test(study) for test in tests)]
    if not of_the_day:
        return NoMatch("no study has the report's patient id and exam date and could be meant")
    part = body_parts(fields.body_part)
    known = [study for study in of_the_day if part & body_parts(study.body_part)]
    unknown = [study for study in of_the_day if not part or not body_parts(study.body_part)]
    if len(known) == 1 and not unknown:
        return Matched(known[0].study_instance_uid, "patient id, exam date and body part are equal")
    if len(of_the_day) == 1 and unknown:
        return Matched(
            unknown[0].study_instance_uid, "patient id and exam date are equal, and the patient has no other such study on that day"
        )
    possible = tuple(study.study_instance_uid for study in of_the_day if study in known or study in unknown)
    if possible:
        return Ambiguous(possible, "several studies of the patient on that day could be meant")
    return NoMatch("the patient's studies of that day show other body parts")


def _is_modality_possible(fields: ReportFields, study: StudyCandidate) -> bool:
    if not fields.modality or not study.modalities:
        return True
    return bool(_SAME_MODALITY.get(fields.modality, frozenset({fields.modality})) & set(study.modalities))


def _differ(first: str | None, second: str | None) -> bool:
    return bool(_same(first) and _same(second) and _same(first) != _same(second))


def _same(number: str | None) -> str:
    """A number as it is compared: without the spaces that DICOM pads with, and otherwise exactly. Case and leading zeros count."""
    return (number or "").strip()


def _exam_date(fields: ReportFields) -> date | None:
    try:
        return date.fromisoformat((fields.exam_time or "")[:10])
    except ValueError:
        return None
