# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which studies a report belongs to.

A report on the wrong study harms a patient, and a report that waits does not. So a report is matched when exactly one study fits and nothing
speaks against it, and in every other case somebody decides:

1. The accession number is equal, on exactly one study. Patient number, name, sex and modality do not differ, the date by no more than a day,
   and the body part only where patient number or name are equal.
2. Several studies of one patient have the report's accession number, or one each of several that it prints: they are matched together when
   each has a number of its own on the report, or each shows another part of the body that the report names.
3. The number on the report is not an accession number but one study's StudyID: patient number or name, and the date, must be equal too.
4. Without an accession number on the report, or with one that no study has: patient number and exam date are equal, accession number, name, sex,
   modality and body part do not differ, and exactly one study is left. Where a body part is unknown on either side, that study must be the
   patient's only one of that day and modality. An outpatient or inpatient number in the place of the patient number needs the equal name.
   Where the paper has numbers that no label explains, the study's accession number must be one of them: the paper may say another exam's.
5. By name and date alone nothing is matched; people are asked.

A report whose identifying numbers were not read with certainty is not matched; a name, a sex or a date that was not speaks neither for nor
against. One whose text was recognised in a picture needs a witness: patient number or name must be equal beside the number by which the study
was found.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cloudfilm.dicom.exam_numbers import exam_numbers
from cloudfilm.reports.body_parts import body_parts
from cloudfilm.reports.evidence import FIELD_OF, Compared, Sign, StudyCandidate, compare, exam_date, trimmed
from cloudfilm.reports.fields import ReportFields

__all__ = ["Ambiguous", "Compared", "Matched", "NoMatch", "StudyCandidate", "match_report", "ranked"]

_IDENTIFYING = frozenset({"patient_id", "accession_number", "exam_time"})
# Exams around midnight carry another day on paper than in the images.
_TOLERATED_DAYS = 1


@dataclass(frozen=True, slots=True)
class Matched:
    """The report belongs to this study, and to `others` where it is about several."""

    study_instance_uid: str
    reason: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Studies that the report may belong to; a person decides. The reason names no patient."""

    study_instance_uids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No study fits (yet)."""

    reason: str


type Decision = Matched | Ambiguous | NoMatch


def match_report(
    fields: ReportFields,
    candidates: Sequence[StudyCandidate],
    *,
    unsure: Collection[str] = (),
    needs_witness: bool = False,
    patients_numbers: Collection[str] = (),
    unplaced: Collection[str] = (),
) -> Decision:
    """
    Decide which studies a report belongs to.

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
    patients_numbers
        Numbers that were merged with the report's patient's: they are the same patient's.
    unplaced
        Numbers on the paper that no label explains.
    """
    compared = [
        _without_unsure(compare(fields, study, patients_numbers), unsure)
        for study in sorted(candidates, key=lambda study: (str(study.study_date), study.study_instance_uid))
    ]
    decision = _match(fields, compared)
    if isinstance(decision, NoMatch) and fields.accession_number and "accession_number" in unsure:
        decision = _match_without_number(fields, candidates, unsure, patients_numbers)
    if not isinstance(decision, Matched):
        return decision
    uids = (decision.study_instance_uid, *decision.others)
    if not fields.accession_number and _shows_another_number(compared, uids, unplaced):
        return Ambiguous(uids, "the paper has a number that no label explains, and the exam has another")
    if not _IDENTIFYING.isdisjoint(unsure):
        return Ambiguous(uids, "a number that identifies the exam was not read with certainty")
    if needs_witness and not all(_is_witnessed(one) for one in compared if one.study.study_instance_uid in uids):
        return Ambiguous(uids, "the report is a picture, and nothing confirms the number that was recognised")
    return decision


def _match_without_number(
    fields: ReportFields, candidates: Sequence[StudyCandidate], unsure: Collection[str], patients_numbers: Collection[str]
) -> Decision:
    """An exam number that may be none at all keeps no report waiting for ever: what fits without it is shown to people."""
    without = replace(fields, accession_number=None)
    return _match(without, [_without_unsure(compare(without, study, patients_numbers), unsure) for study in candidates])


def _shows_another_number(compared: Sequence[Compared], uids: Collection[str], unplaced: Collection[str]) -> bool:
    numbers = (trimmed(one.study.accession_number) for one in compared if one.study.study_instance_uid in uids)
    return bool(unplaced) and any(number and number not in unplaced for number in numbers)


def ranked(fields: ReportFields, candidates: Sequence[StudyCandidate], patients_numbers: Collection[str] = ()) -> list[Compared]:
    """The candidates with what speaks for and against each, the likeliest first: for people."""
    compared = [compare(fields, study, patients_numbers) for study in candidates]
    return sorted(compared, key=lambda one: (-one.score, str(one.study.study_date), one.study.study_instance_uid))


def _without_unsure(compared: Compared, unsure: Collection[str]) -> Compared:
    """Numbers stay: by them a study is found, and `_IDENTIFYING` keeps it from being matched."""
    kept = (one for one in compared.evidence if FIELD_OF[one.sign] not in unsure or FIELD_OF[one.sign] in _IDENTIFYING)
    return replace(compared, evidence=tuple(kept))


def _is_witnessed(one: Compared) -> bool:
    """Whether two of accession number, patient number and name are equal."""
    return sum(one.agrees(sign) for sign in (Sign.ACCESSION_NUMBER, Sign.PATIENT_NUMBER, Sign.NAME)) >= 2


def _match(fields: ReportFields, compared: Sequence[Compared]) -> Decision:
    of_the_number = _with_an_exam_number(fields, compared)
    if of_the_number:
        return _by_accession_number(of_the_number)
    by_study_number = _by_study_number(compared)
    return by_study_number or _by_patient_and_day(fields, compared)


def _with_an_exam_number(fields: ReportFields, compared: Sequence[Compared]) -> list[Compared]:
    """The studies that have the number as it is printed, else those that have a part of it."""
    whole, *parts = exam_numbers(fields.accession_number) or ("",)
    exactly = [one for one in compared if whole and trimmed(one.study.accession_number) == whole]
    return exactly or [one for one in compared if trimmed(one.study.accession_number) in parts]


def _by_accession_number(found: Sequence[Compared]) -> Matched | Ambiguous:
    uids = tuple(one.study.study_instance_uid for one in found)
    if len(found) == 1:
        objection = _objection(found[0])
        return (
            Ambiguous(uids, f"the accession number is equal, {objection} not")
            if objection
            else Matched(uids[0], "the accession number is equal")
        )
    if any(_objection(one) for one in found) or not _are_one_exam(found):
        return Ambiguous(uids, "several studies have the report's accession number")
    return Matched(uids[0], "the accession numbers are equal, on several studies of one patient", uids[1:])


def _objection(one: Compared) -> str | None:
    """What speaks against a study whose accession number is equal, as the beginning of a sentence."""
    words = {
        Sign.PATIENT_NUMBER: "the patient id is",
        Sign.NAME: "the patient's name is",
        Sign.SEX: "the patient's sex is",
        Sign.MODALITY: "the modality is",
    }
    for sign, said in words.items():
        if one.differs(sign):
            return said
    if one.differs(Sign.DATE) and _days_apart(one) > _TOLERATED_DAYS:
        return "the exam date is"
    if one.differs(Sign.BODY_PART) and not one.agrees(Sign.PATIENT_NUMBER) and not one.agrees(Sign.NAME):
        return "the body part is"
    return None


def _days_apart(one: Compared) -> int:
    said, known = next((date.fromisoformat(item.said), date.fromisoformat(item.known)) for item in one.evidence if item.sign is Sign.DATE)
    return abs((said - known).days)


def _are_one_exam(found: Sequence[Compared]) -> bool:
    """Whether several studies are what one report is about: one patient, and each in its own way on the report."""
    patients = {trimmed(one.study.patient_id) for one in found}
    if len(patients) != 1 or "" in patients or any(one.differs(Sign.BODY_PART) for one in found):
        return False
    numbers = [trimmed(one.study.accession_number) for one in found]
    if len(set(numbers)) == len(numbers):
        return True
    parts = [body_parts(one.study.body_part) for one in found]
    return all(one.agrees(Sign.BODY_PART) for one in found) and len(frozenset().union(*parts)) == sum(map(len, parts))


def _by_study_number(compared: Sequence[Compared]) -> Matched | Ambiguous | None:
    found = [one for one in compared if one.agrees(Sign.STUDY_NUMBER) and (one.agrees(Sign.PATIENT_NUMBER) or one.agrees(Sign.NAME))]
    fitting = [one for one in found if one.agrees(Sign.DATE) and not _objection(one)]
    if len(fitting) == 1:
        return Matched(fitting[0].study.study_instance_uid, "the study number, the patient and the exam date are equal")
    if found:
        return Ambiguous(tuple(one.study.study_instance_uid for one in found), "the study number is equal, but that is not enough")
    return None


def _by_patient_and_day(fields: ReportFields, compared: Sequence[Compared]) -> Decision:
    of_the_day = [
        one for one in compared if one.agrees(Sign.PATIENT_NUMBER, Sign.DATE) and not one.differs(Sign.ACCESSION_NUMBER, Sign.MODALITY)
    ]
    disputed = [one for one in of_the_day if one.differs(Sign.NAME, Sign.SEX) or _needs_name(fields, one)]
    if disputed:
        uids = tuple(one.study.study_instance_uid for one in of_the_day)
        return Ambiguous(uids, "patient id and exam date are equal, the patient's name or sex is not")
    if not of_the_day:
        return _by_name_and_day(fields, compared)
    known = [one for one in of_the_day if one.agrees(Sign.BODY_PART)]
    unknown = [one for one in of_the_day if not one.agrees(Sign.BODY_PART) and not one.differs(Sign.BODY_PART)]
    if len(known) == 1 and not unknown:
        return Matched(known[0].study.study_instance_uid, "patient id, exam date and body part are equal")
    if len(of_the_day) == 1 and unknown:
        return Matched(
            unknown[0].study.study_instance_uid, "patient id and exam date are equal, and the patient has no other such study on that day"
        )
    possible = tuple(one.study.study_instance_uid for one in of_the_day if one in known or one in unknown)
    if possible:
        return Ambiguous(possible, "several studies of the patient on that day could be meant")
    return NoMatch("the patient's studies of that day show other body parts")


def _needs_name(fields: ReportFields, one: Compared) -> bool:
    """Outpatient numbers and image numbers are counted apart: equal ones may be two people's."""
    return not trimmed(fields.patient_id) and not one.agrees(Sign.NAME)


def _by_name_and_day(fields: ReportFields, compared: Sequence[Compared]) -> Decision:
    possible = [
        one.study.study_instance_uid
        for one in compared
        if one.agrees(Sign.NAME, Sign.DATE) and not one.differs(*Sign) and not one.agrees(Sign.ACCESSION_NUMBER)
    ]
    if possible:
        return Ambiguous(tuple(possible), "name and exam date are equal, no number is")
    if not exam_date(fields) or not (trimmed(fields.patient_id) or fields.outpatient_number or fields.inpatient_number):
        return NoMatch("the report has no accession number of a known study, and not both a patient id and an exam date")
    return NoMatch("no study has the report's patient id and exam date and could be meant")
