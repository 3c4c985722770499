# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.versions import Version, current_of, is_version_of

FIELDS = ReportFields(
    report_kind="CT检查报告单", modality="CT", patient_name="王小明", patient_id="P1", accession_number="A1", body_part="胸部",
    exam_time="2026-03-05T09:30", report_time="2026-03-05T10:30",
)  # fmt: skip


def version(number: int, arrived: str = "2026-03-05T12:00", **said: str | None) -> Version:
    return Version(UUID(int=number), replace(FIELDS, **said), datetime.fromisoformat(arrived + "+08:00"))


PRELIMINARY = version(1, "2026-03-05T10:31", report_status="P")
FINAL = version(2, "2026-03-05T14:01", report_status="F", report_time="2026-03-05T14:00")
CORRECTED = version(3, "2026-03-06T09:01", report_status="C", report_time="2026-03-06T09:00")
WITHDRAWN = version(4, "2026-03-07T09:01", report_status="X", report_time="2026-03-06T09:00")


@pytest.mark.parametrize("order", list(permutations([PRELIMINARY, FINAL, CORRECTED, WITHDRAWN])))
def test_what_is_current_does_not_depend_on_the_order_of_arrival(order: tuple[Version, ...]) -> None:
    assert current_of(order) is WITHDRAWN
    assert current_of([one for one in order if one is not WITHDRAWN]) is CORRECTED
    assert current_of([one for one in order if one in (PRELIMINARY, FINAL)]) is FINAL


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        # an older report that comes later, as the time on it says
        (version(1, "2026-03-06T12:00"), version(2, "2026-03-06T08:00", report_time="2026-03-05T11:00")),
        # no time was read: what came later
        (version(1, "2026-03-05T12:00", report_time=None), version(2, "2026-03-05T12:01", report_time=None)),
        # a year that was misread makes nothing current for ever
        (version(1, "2026-03-05T12:00", report_time="2062-03-05T11:00"), version(2, "2026-03-05T13:00", report_time="2026-03-05T12:30")),
        # the same time: preliminary, final, corrected
        (version(1, "2026-03-05T13:00", report_status="P"), version(2, "2026-03-05T12:00", report_status="F")),
        (version(1, "2026-03-05T13:00", report_status="F"), version(2, "2026-03-05T12:00", report_status="C")),
        (version(1, "2026-03-05T13:00", report_status="F"), version(2, "2026-03-05T12:00", report_status="X")),
        # a day without an hour
        (version(1, "2026-03-05T11:00"), version(2, "2026-03-05T14:00", report_time="2026-03-05")),
        (version(1, "2026-03-05T11:00"), version(2, "2026-03-07T14:00", report_time="2026-03-06")),
        (version(1, "2026-03-08T11:00", report_time="2026-03-05"), version(2, "2026-03-07T11:00", report_time="2026-03-06T10:00")),
    ],
)
def test_which_version_is_the_newer(older: Version, newer: Version) -> None:
    assert current_of([older, newer]) is newer
    assert current_of([newer, older]) is newer


@pytest.mark.parametrize(
    ("changes", "is_version"),
    [
        ({}, True),
        ({"report_kind": "CT检查报告单（更正）"}, True),
        ({"report_kind": "CT检查 初步报告单"}, True),
        ({"body_part": "胸部+上腹部"}, True),
        ({"patient_id": None, "patient_name": None, "body_part": None, "report_kind": None, "modality": None, "exam_time": None}, True),
        ({"accession_number": "A2"}, False),
        ({"accession_number": None}, False),
        ({"patient_id": "P2"}, False),
        ({"patient_name": "王小朋"}, False),
        ({"modality": "MR"}, False),
        ({"report_kind": "三维重建报告单"}, False),
        ({"body_part": "上腹部"}, False),
        ({"exam_time": "2025-03-05T09:30"}, False),
    ],
)
def test_what_is_a_version_of_the_report(changes: dict[str, str | None], is_version: bool) -> None:
    assert is_version_of(version(1), version(2, **changes)) is is_version
    assert is_version_of(version(2, **changes), version(1)) is is_version


def test_one_study_ties_reports_without_a_number_together_and_never_those_with_two() -> None:
    bound = frozenset({"1.2"})
    one, other = replace(version(1), study_instance_uids=bound), replace(version(2, accession_number=None), study_instance_uids=bound)
    assert is_version_of(one, other)
    assert not is_version_of(one, replace(other, study_instance_uids=frozenset({"1.2", "1.3"})))
    assert not is_version_of(one, replace(version(2, accession_number="A2"), study_instance_uids=bound))


def test_a_number_that_was_not_read_with_certainty_hides_no_report() -> None:
    assert not is_version_of(version(1), version(2), unsure={"accession_number"})


times = st.sampled_from(
    [None, "2026-03-04", "2026-03-05", "2026-03-05T10:30", "2026-03-05T10:31", "2026-03-06T08:00", "2099-01-01T00:00", "?"]
)
versions = st.builds(
    lambda number, arrived, time, status: version(number, arrived, report_time=time, report_status=status),
    st.integers(1, 2**64),
    st.sampled_from(["2026-03-05T10:40", "2026-03-05T23:00", "2026-03-07T10:00"]),
    times,
    st.sampled_from([None, "P", "F", "C", "X"]),
)


@settings(derandomize=True)
@given(st.lists(versions, min_size=1, max_size=5, unique_by=lambda one: one.report_id), st.randoms(use_true_random=False))
def test_every_order_gives_one_current_version(several: list[Version], random: object) -> None:
    current = current_of(several)
    shuffled = list(several)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert current_of(shuffled) is current
    assert current_of([*several, current]) is current
