# SPDX-License-Identifier: AGPL-3.0-or-later
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudfilm.reports.body_parts import body_parts
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.matching import Ambiguous, Matched, NoMatch, StudyCandidate, match_report

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
