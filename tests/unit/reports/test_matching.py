# SPDX-License-Identifier: AGPL-3.0-or-later
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudfilm.reports.body_parts import body_parts
from cloudfilm.reports.evidence import Sign
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.matching import Ambiguous, Matched, NoMatch, StudyCandidate, match_report, ranked

DAY = date(2026, 3, 5)
REPORT = ReportFields(patient_id="P1", accession_number="A1", exam_time="2026-03-05T09:42", body_part="头颅CT平扫", modality="CT")
WITHOUT_NUMBER = ReportFields(patient_id="P1", exam_time="2026-03-05T09:42", body_part="头颅CT平扫", modality="CT")


def study(
    uid: str, patient_id: str | None = "P1", accession: str | None = None, body_part: str | None = "HEAD", modality: str = "CT"
) -> StudyCandidate:
    return StudyCandidate(uid, patient_id, "ZHANG^JIANGUO", accession, DAY, body_part, (modality,))


@pytest.mark.parametrize(
    ("fields", "candidates", "kind", "uids"),
    [
        (REPORT, [study("1", accession="A1"), study("2", accession="A2")], Matched, ["1"]),
        (REPORT, [study("1", accession=" A1 ", patient_id=None)], Matched, ["1"]),
        (REPORT, [study("1", accession="A1", patient_id="P2")], Ambiguous, ["1"]),
        (REPORT, [study("1", accession="A1"), study("2", accession="A1")], Ambiguous, ["1", "2"]),
        (REPORT, [study("1", accession="A1", modality="MR")], Ambiguous, ["1"]),
        (REPORT, [study("1", accession="a1")], NoMatch, []),
        (REPORT, [study("1", accession="A2")], NoMatch, []),
        (REPORT, [study("1"), study("2", accession="A2")], Matched, ["1"]),
        (WITHOUT_NUMBER, [study("1", accession="A1")], Matched, ["1"]),
        (WITHOUT_NUMBER, [study("1"), study("2", body_part="CHEST")], Matched, ["1"]),
        (WITHOUT_NUMBER, [study("1"), study("2", body_part="BRAIN")], Ambiguous, ["1", "2"]),
        (WITHOUT_NUMBER, [study("1"), study("2", body_part=None)], Ambiguous, ["1", "2"]),
        (WITHOUT_NUMBER, [study("1", body_part=None)], Matched, ["1"]),
        (WITHOUT_NUMBER, [study("1", body_part=None), study("2", body_part="CHEST")], Ambiguous, ["1"]),
        (WITHOUT_NUMBER, [study("1", body_part=None), study("2", body_part=None, modality="DX")], Matched, ["1"]),
        (WITHOUT_NUMBER, [study("1", body_part="CHEST")], NoMatch, []),
        (WITHOUT_NUMBER, [study("1", patient_id="P2")], NoMatch, []),
        (WITHOUT_NUMBER, [study("1", modality="MR")], NoMatch, []),
        (WITHOUT_NUMBER, [StudyCandidate("1", "P1", None, None, date(2026, 3, 6), "HEAD", ("CT",))], NoMatch, []),
        (ReportFields(patient_id="P1", body_part="头颅"), [study("1")], NoMatch, []),
        (ReportFields(exam_time="2026-03-05", patient_name="张建国"), [study("1", patient_id=None)], NoMatch, []),
        (ReportFields(), [study("1", patient_id=None, accession=None)], NoMatch, []),
        (ReportFields(patient_id="P1", exam_time="2026-03-05", modality="DX", body_part="胸部正侧位"), [study("1", None, None)], NoMatch, []),
        (ReportFields(patient_id="P1", exam_time="2026-03-05", modality="DX", body_part="胸部"), [study("1", body_part="CHEST", modality="CR")], Matched, ["1"]),
        (REPORT, [], NoMatch, []),
    ],
)  # fmt: skip
def test_which_study_a_report_belongs_to(fields: ReportFields, candidates: list[StudyCandidate], kind: type, uids: list[str]) -> None:
    decision = match_report(fields, candidates)
    assert isinstance(decision, kind), decision
    found = [decision.study_instance_uid] if isinstance(decision, Matched) else list(getattr(decision, "study_instance_uids", ()))
    assert found == uids
    assert decision.reason


@pytest.mark.parametrize("unsure", ["accession_number", "patient_id"])
def test_a_number_that_was_not_read_with_certainty_matches_nothing(unsure: str) -> None:
    decision = match_report(REPORT, [study("1", accession="A1")], unsure={unsure, "findings"})
    assert isinstance(decision, Ambiguous)
    assert isinstance(match_report(REPORT, [study("1", accession="A1")], unsure={"findings"}), Matched)


@pytest.mark.parametrize(
    ("accession", "unplaced", "kind"),
    [("A1", ["A1"], Matched), ("A1", ["A2", "A1"], Matched), ("A1", ["A2"], Ambiguous), (None, ["A2"], Matched), ("A1", [], Matched)],
)
def test_a_number_that_no_label_explains_may_be_another_exams(accession: str | None, unplaced: list[str], kind: type) -> None:
    assert isinstance(match_report(WITHOUT_NUMBER, [study("1", accession=accession)], unplaced=unplaced), kind)
    assert isinstance(match_report(REPORT, [study("1", accession="A1")], unplaced=unplaced), Matched)


def test_what_fits_but_for_an_unsure_exam_number_is_shown_to_people_and_does_not_wait_for_ever() -> None:
    decision = match_report(replace(REPORT, accession_number="X9"), [study("1", accession="A1")], unsure={"accession_number"})
    assert isinstance(decision, Ambiguous)
    assert decision.study_instance_uids == ("1",)
    assert isinstance(match_report(replace(REPORT, accession_number="X9"), [], unsure={"accession_number"}), NoMatch)


@pytest.mark.parametrize(
    ("fields", "candidate", "kind"),
    [
        (REPORT, study("1", accession="A1"), Matched),
        (REPORT, study("1", accession="A1", patient_id=None), Ambiguous),
        (replace(REPORT, patient_id=None), study("1", accession="A1"), Ambiguous),
        (replace(REPORT, patient_id=None, patient_name="张建国"), study("1", accession="A1"), Ambiguous),
        (replace(REPORT, patient_id=None, patient_name="张建国"), replace(study("1", accession="A1"), patient_name="Zhang^JianGuo=张^建国"), Matched),
        (WITHOUT_NUMBER, study("1"), Ambiguous),
        (replace(WITHOUT_NUMBER, patient_name="张建国"), replace(study("1"), patient_name="张建国"), Matched),
    ],
)  # fmt: skip
def test_a_recognised_number_needs_a_witness(fields: ReportFields, candidate: StudyCandidate, kind: type) -> None:
    assert isinstance(match_report(fields, [candidate], needs_witness=True), kind)


identifiers = st.sampled_from([None, "", "1", "2"])
studies = st.builds(
    StudyCandidate,
    st.uuids().map(str),
    identifiers,
    st.none(),
    identifiers,
    st.sampled_from([None, DAY, date(2026, 3, 6)]),
    st.sampled_from([None, "HEAD", "CHEST", "WHATEVER"]),
    st.sampled_from([(), ("CT",), ("MR",), ("CT", "SR")]),
)


@settings(derandomize=True)
@given(
    st.builds(ReportFields, patient_id=identifiers, accession_number=identifiers, exam_time=st.sampled_from([None, "2026-03-05T09:42", "2026-03-06"]),
              body_part=st.sampled_from([None, "头颅", "胸部", "其他"]), modality=st.sampled_from([None, "CT", "MR"])),
    st.lists(studies, max_size=5),
)  # fmt: skip
def test_a_matched_study_never_contradicts_the_report_and_order_does_not_matter(
    fields: ReportFields, candidates: list[StudyCandidate]
) -> None:
    decision = match_report(fields, candidates)
    backwards = match_report(fields, candidates[::-1])
    assert type(backwards) is type(decision)
    if not isinstance(decision, Matched):
        return
    assert decision == backwards
    (chosen,) = (candidate for candidate in candidates if candidate.study_instance_uid == decision.study_instance_uid)
    for said, known in ((fields.patient_id, chosen.patient_id), (fields.accession_number, chosen.accession_number)):
        assert not said or not known or said == known
    has_same_number = fields.accession_number and fields.accession_number == chosen.accession_number
    assert has_same_number or (
        fields.patient_id == chosen.patient_id and chosen.study_date and chosen.study_date.isoformat() == (fields.exam_time or "")[:10]
    )
    assert not fields.modality or not chosen.modalities or fields.modality in chosen.modalities


FULL = ReportFields(
    patient_id="P1",
    accession_number="A1",
    exam_time="2026-03-05T09:42",
    body_part="胸部+上腹部CT平扫",
    modality="CT",
    patient_name="张建国",
    patient_sex="M",
)
CHEST = StudyCandidate("1.1", "P1", "Zhang^JianGuo=张^建国", "A1", DAY, "CHEST", ("CT",), "M", "S1")
ABDOMEN = replace(CHEST, study_instance_uid="1.2", body_part="ABDOMEN")


@pytest.mark.parametrize(
    ("fields", "candidates", "kind", "uids"),
    [
        # several studies of one report
        (FULL, [CHEST, ABDOMEN], Matched, ["1.1", "1.2"]),
        (FULL, [CHEST, replace(ABDOMEN, body_part="CHEST")], Ambiguous, ["1.1", "1.2"]),
        (FULL, [CHEST, replace(ABDOMEN, body_part="KNEE")], Ambiguous, ["1.1", "1.2"]),
        (FULL, [CHEST, replace(ABDOMEN, body_part=None)], Ambiguous, ["1.1", "1.2"]),
        (FULL, [CHEST, replace(ABDOMEN, patient_id=None)], Ambiguous, ["1.1", "1.2"]),
        (FULL, [CHEST, replace(ABDOMEN, patient_id="P2")], Ambiguous, ["1.1", "1.2"]),
        (FULL, [CHEST, replace(ABDOMEN, patient_name="Li=李")], Ambiguous, ["1.1", "1.2"]),
        # several numbers on one report
        (replace(FULL, accession_number="A1、A2"), [CHEST, replace(ABDOMEN, accession_number="A2")], Matched, ["1.1", "1.2"]),
        (replace(FULL, accession_number="A1/A2"), [CHEST], Matched, ["1.1"]),
        (replace(FULL, accession_number="A1/A2"), [CHEST, replace(ABDOMEN, accession_number="A1/A2")], Matched, ["1.2"]),
        (replace(FULL, accession_number="A1/A2"), [CHEST, replace(ABDOMEN, accession_number="A2", patient_id="P2")], Ambiguous, ["1.1", "1.2"]),
        (replace(FULL, accession_number="A1/A2", body_part="胸部"), [CHEST, replace(ABDOMEN, accession_number="A2")], Ambiguous, ["1.1", "1.2"]),
        # the patient differs in something
        (FULL, [replace(CHEST, patient_name="Zhang^JianGuo=张^建国强")], Ambiguous, ["1.1"]),
        (FULL, [replace(CHEST, patient_name="ZHANG^JIANGUO")], Matched, ["1.1"]),
        (replace(FULL, patient_name="JianGuo Zhang"), [replace(CHEST, patient_name="ZHANG^JIANGUO")], Matched, ["1.1"]),
        (replace(FULL, patient_name="John Smith"), [replace(CHEST, patient_name="ZHANG^JIANGUO")], Ambiguous, ["1.1"]),
        (FULL, [replace(CHEST, patient_sex="F")], Ambiguous, ["1.1"]),
        (FULL, [replace(CHEST, patient_sex="O")], Matched, ["1.1"]),
        (FULL, [replace(CHEST, study_date=date(2026, 3, 6))], Matched, ["1.1"]),
        (FULL, [replace(CHEST, study_date=date(2025, 3, 5))], Ambiguous, ["1.1"]),
        (FULL, [replace(CHEST, body_part="KNEE")], Matched, ["1.1"]),
        (replace(FULL, patient_id=None, patient_name=None), [replace(CHEST, body_part="KNEE")], Ambiguous, ["1.1"]),
        (replace(FULL, accession_number=None), [replace(CHEST, patient_name="Li=李")], Ambiguous, ["1.1"]),
        (replace(FULL, accession_number=None, body_part="胸部"), [CHEST, ABDOMEN], Matched, ["1.1"]),
        # the study number stands where the accession number does
        (replace(FULL, accession_number="S1"), [replace(CHEST, accession_number=None)], Matched, ["1.1"]),
        (replace(FULL, accession_number="S1"), [replace(CHEST, accession_number=None, patient_id="P2")], Ambiguous, ["1.1"]),
        (replace(FULL, accession_number="S1"), [replace(CHEST, accession_number=None, study_date=None)], Ambiguous, ["1.1"]),
        (replace(FULL, accession_number="S1", patient_id=None, patient_name=None), [replace(CHEST, accession_number=None)], NoMatch, []),
        (replace(FULL, accession_number="S1", patient_id="P9", patient_name="李四"), [replace(CHEST, accession_number=None)], NoMatch, []),
        # an inpatient number stands in the images
        (replace(FULL, accession_number=None, patient_id=None, inpatient_number="P1", body_part="胸部"), [CHEST], Matched, ["1.1"]),
        (replace(FULL, accession_number=None, patient_id=None, inpatient_number="P1", patient_name=None), [CHEST], Ambiguous, ["1.1"]),
        # no number at all
        (replace(FULL, accession_number=None, patient_id=None), [CHEST], Ambiguous, ["1.1"]),
        (replace(FULL, accession_number="A7", patient_id=None), [CHEST], NoMatch, []),
        (replace(FULL, accession_number=None, patient_id=None, exam_time=None), [CHEST], NoMatch, []),
    ],
)  # fmt: skip
def test_several_studies_other_numbers_and_other_people(
    fields: ReportFields, candidates: list[StudyCandidate], kind: type, uids: list[str]
) -> None:
    for order in (candidates, candidates[::-1]):
        decision = match_report(fields, order)
        assert isinstance(decision, kind), decision
        found = (
            [decision.study_instance_uid, *decision.others]
            if isinstance(decision, Matched)
            else getattr(decision, "study_instance_uids", ())
        )
        assert list(found) == uids


def test_a_name_that_was_not_read_with_certainty_speaks_neither_for_nor_against() -> None:
    stranger = replace(CHEST, patient_name="Li=李")
    assert isinstance(match_report(FULL, [stranger], unsure={"patient_name"}), Matched)
    assert isinstance(match_report(replace(FULL, patient_id=None), [CHEST], unsure={"patient_name"}, needs_witness=True), Ambiguous)


def test_a_merged_patients_old_number_is_as_good_as_the_new_one() -> None:
    merged = replace(CHEST, patient_id="P-new")
    assert isinstance(match_report(FULL, [merged]), Ambiguous)
    assert isinstance(match_report(FULL, [merged], patients_numbers={"P1", "P-new"}), Matched)
    without = replace(FULL, accession_number=None, body_part="胸部")
    assert isinstance(match_report(without, [replace(merged, accession_number=None)], patients_numbers={"P1", "P-new"}), Matched)


def test_candidates_are_shown_with_what_speaks_for_and_against_them_the_likeliest_first() -> None:
    twin = replace(CHEST, study_instance_uid="1.0", accession_number="A2", patient_sex="F", study_date=date(2026, 3, 1))
    first, second = ranked(FULL, [twin, CHEST])
    assert (first.study, second.study) == (CHEST, twin)
    assert (first.score, second.score) == (100, 0)
    assert {one.sign for one in second.evidence if not one.agrees} == {Sign.ACCESSION_NUMBER, Sign.SEX, Sign.DATE}
    assert [(one.said, one.known) for one in second.evidence if one.sign is Sign.SEX] == [("M", "F")]


# What makes a near twin of the right study: one thing that a report and its study both say.
TWINS = {
    "accession_number": st.sampled_from(["A2", "A11", "a1", "A01", "1A"]),
    "patient_id": st.sampled_from(["P2", "P11", "p1", "P01"]),
    "patient_name": st.sampled_from(["张^建囯", "Zhang^JianGuo=张^健国", "张^建", "Zhang^Wei=张^伟"]),
    "patient_sex": st.just("F"),
    "study_date": st.sampled_from([date(2026, 3, 3), date(2026, 3, 7), date(2025, 3, 5)]),
    "modalities": st.sampled_from([("MR",), ("DX",), ("US",)]),
}
twins = st.sets(st.sampled_from(sorted(TWINS)), min_size=1, max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: TWINS[name] for name in sorted(names)})
)


@settings(derandomize=True, max_examples=300)
@given(st.lists(twins, min_size=1, max_size=4), st.sets(st.sampled_from(["accession_number", "patient_id", "patient_name"])), st.booleans())
def test_a_near_twin_is_never_matched(changes: list[dict[str, object]], left_out: set[str], needs_witness: bool) -> None:
    """Whatever the report leaves out of its numbers and name, a study that contradicts what it does say is not taken for the right one."""
    fields = replace(FULL, **dict.fromkeys(left_out), body_part="胸部")
    near = [
        replace(CHEST, study_instance_uid=f"2.{number}", **change) for number, change in enumerate(changes) if not set(change) <= left_out
    ]  # type: ignore[arg-type]
    decision = match_report(fields, near, needs_witness=needs_witness)
    assert not isinstance(decision, Matched), decision
    with_the_right_one = match_report(fields, [*near, CHEST], needs_witness=needs_witness)
    if isinstance(with_the_right_one, Matched):
        assert (with_the_right_one.study_instance_uid, with_the_right_one.others) == (CHEST.study_instance_uid, ())


@pytest.mark.parametrize(
    ("printed", "dicom", "is_same"),
    [
        ("颅脑MR平扫+增强", "BRAIN", True),
        ("头颅CT平扫", "SKULL", True),
        ("胸部CT平扫", "CHEST", True),
        ("上腹部CT增强", "ABDOMEN", True),
        ("颈椎正侧位", "CSPINE", True),
        ("颈椎正侧位", "NECK", False),
        ("胸椎MR平扫", "CHEST", False),
        ("腰椎间盘CT", "L-SPINE", True),
        ("右膝关节正侧位", "KNEE", True),
        ("手腕", "WRIST", True),
        ("头颅", "CHEST", False),
    ],
)
def test_body_parts_in_two_languages(printed: str, dicom: str, is_same: bool) -> None:
    assert bool(body_parts(printed) & body_parts(dicom)) is is_same
