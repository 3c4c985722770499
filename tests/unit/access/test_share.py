# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making a share: whatever is wished for, it never exceeds the grant that it is made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind, Right
from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action, Allow, decide
from cloudfilm.access.share import Flaw, ShareRefused, ShareState, ShareWish, make_share, state_of

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
IDS = [UUID(int=number) for number in range(1, 8)]
STUDIES = ["1.2", "1.3", "1.4"]
PARENT = Grant(IDS[0], "jia", GrantKind.PATIENT, ALL_RIGHTS, NOW, IDS[1], frozenset({"1.2"}), frozenset({IDS[1]}))

wishes = st.builds(
    ShareWish,
    nickname=st.just("Dr Li"), days=st.integers(1, 90), maximum_openings=st.none() | st.integers(1, 1000), report=st.booleans(),
    download=st.booleans(), hide_names=st.booleans(), studies=st.none() | st.frozensets(st.sampled_from(STUDIES), min_size=1),
)  # fmt: skip
moments = st.none() | st.integers(-100, 100).map(lambda days: NOW + timedelta(days=days))
parents = st.builds(
    Grant,
    grant_id=st.just(IDS[0]), hospital_id=st.just("jia"), kind=st.just(GrantKind.PATIENT), rights=st.frozensets(st.sampled_from(Right)),
    created_at=st.just(NOW), report_id=st.just(IDS[1]), study_instance_uids=st.frozensets(st.sampled_from(STUDIES)),
    report_ids=st.frozensets(st.sampled_from(IDS[1:4])), hides_names=st.booleans(), not_before=moments, expires_at=moments,
    revoked_at=moments,
)  # fmt: skip
requests = st.builds(
    AccessRequest,
    st.sampled_from(list(Action)), st.sampled_from(["jia", "yi", None]), st.sampled_from([*STUDIES, None]), st.sampled_from([*IDS[1:5], None]),
)  # fmt: skip


@given(parents, wishes, st.sampled_from(IDS[1:5]), requests, st.integers(0, 200))
def test_a_share_never_exceeds_the_grant_that_it_was_made_from(
    parent: Grant, wish: ShareWish, report_id: UUID, request: AccessRequest, later_days: int
) -> None:
    try:
        share = make_share(parent, wish, report_id, IDS[6], NOW)
    except ShareRefused:
        return
    assert share.rights < parent.rights
    assert Right.SHARE not in share.rights
    assert share.hospital_id == parent.hospital_id
    assert share.reached_studies <= parent.reached_studies
    assert share.reached_reports <= parent.reached_reports
    assert share.expires_at is not None
    assert share.expires_at <= NOW + timedelta(days=90)
    assert parent.expires_at is None or share.expires_at <= parent.expires_at
    assert parent.shows_names or not share.shows_names
    assert not (share.hides_names and Right.DOWNLOAD in share.rights)
    now = NOW + timedelta(days=later_days)
    if isinstance(decide(request, GrantHolder(share, consented=True), now), Allow):
        assert isinstance(decide(request, GrantHolder(parent, consented=True), now), Allow)


@given(parents, wishes, wishes)
def test_no_share_is_made_from_a_share(parent: Grant, wish: ShareWish, further: ShareWish) -> None:
    try:
        share = make_share(parent, wish, IDS[1], IDS[5], NOW)
    except ShareRefused:
        return
    with pytest.raises(ShareRefused):
        make_share(share, further, IDS[1], IDS[6], NOW)


def test_a_plain_wish_gets_the_defaults() -> None:
    share = make_share(PARENT, ShareWish.from_json({"nickname": "  李  医生 "}), IDS[1], IDS[6], NOW)
    assert (share.nickname, share.kind, share.parent) == ("李 医生", GrantKind.SHARE, PARENT)
    assert share.rights == {Right.IMAGES, Right.REPORT}
    assert share.expires_at == NOW + timedelta(days=7)
    assert (share.maximum_openings, share.hides_names, share.report_id) == (None, False, IDS[1])


@pytest.mark.parametrize("given", [1, 90])
def test_both_ends_of_the_range_are_allowed(given: int) -> None:
    assert ShareWish.from_json({"nickname": "x", "days": given, "maximum_openings": given}).days == given


REFUSED: list[tuple[Any, Flaw]] = [
    (None, Flaw.MEMBERS), ([], Flaw.MEMBERS), ("Dr Li", Flaw.MEMBERS), ({"nickname": "x", "rights": ["share"]}, Flaw.MEMBERS),
    ({}, Flaw.NICKNAME), ({"nickname": ""}, Flaw.NICKNAME), ({"nickname": " \t "}, Flaw.NICKNAME), ({"nickname": 7}, Flaw.NICKNAME),
    ({"nickname": "x" * 61}, Flaw.NICKNAME), ({"nickname": "a\nb"}, Flaw.NICKNAME), ({"nickname": "a\x00b"}, Flaw.NICKNAME),
    ({"nickname": "\ud800"}, Flaw.NICKNAME),
    *[({"nickname": "x", "days": days}, Flaw.DAYS) for days in (0, 91, -1, "7", 7.0, True, None)],
    *[({"nickname": "x", "maximum_openings": most}, Flaw.OPENINGS) for most in (0, 1001, "5", 1.5, True)],
    *[({"nickname": "x", name: value}, Flaw.CHOICE) for name in ("report", "download", "hide_names") for value in ("yes", 1, None)],
    *[({"nickname": "x", "studies": value}, Flaw.STUDIES) for value in ([], "1.2", [7], {"1.2": 1}, ["1.2"] * 101)],
]  # fmt: skip


@pytest.mark.parametrize(("body", "flaw"), REFUSED, ids=str)
def test_what_cannot_be_is_refused_and_what_is_allowed_is_said(body: Any, flaw: Flaw) -> None:
    with pytest.raises(ShareRefused) as caught:
        ShareWish.from_json(body)
    assert caught.value.flaw is flaw
    assert len(caught.value.public_message) > 20


BEYOND: list[tuple[Grant, dict[str, Any], Flaw]] = [
    (replace(PARENT, rights=ALL_RIGHTS - {Right.DOWNLOAD}), {"download": True}, Flaw.RIGHTS),
    (replace(PARENT, rights=ALL_RIGHTS - {Right.REPORT}), {}, Flaw.RIGHTS),
    (replace(PARENT, rights=ALL_RIGHTS - {Right.SHARE}), {}, Flaw.RIGHTS),
    (replace(PARENT, hides_names=True), {"download": True}, Flaw.DOWNLOAD_WITH_HIDDEN_NAMES),
    (PARENT, {"report": False, "download": True}, Flaw.DOWNLOAD_WITHOUT_REPORT),
    (PARENT, {"hide_names": True, "download": True}, Flaw.DOWNLOAD_WITH_HIDDEN_NAMES),
    (PARENT, {"studies": ["1.3"]}, Flaw.STUDIES),
    (PARENT, {"studies": ["1.2", "1.3"]}, Flaw.STUDIES),
    (replace(PARENT, report_ids=frozenset()), {}, Flaw.STUDIES),
]


@pytest.mark.parametrize(("parent", "wish", "flaw"), BEYOND)
def test_what_exceeds_the_parent_or_contradicts_itself_is_refused(parent: Grant, wish: dict[str, Any], flaw: Flaw) -> None:
    with pytest.raises(ShareRefused) as caught:
        make_share(parent, ShareWish.from_json({"nickname": "x", **wish}), IDS[1], IDS[6], NOW)
    assert caught.value.flaw is flaw


def test_the_state_of_a_link() -> None:
    share = make_share(PARENT, ShareWish("Dr Li", maximum_openings=2), IDS[1], IDS[6], NOW)
    assert state_of(share, NOW) is ShareState.OPEN
    assert state_of(replace(share, openings=2), NOW) is ShareState.USED_UP
    assert state_of(replace(share, openings=2), NOW + timedelta(days=7)) is ShareState.EXPIRED
    assert state_of(replace(share, revoked_at=NOW), NOW + timedelta(days=8)) is ShareState.REVOKED
    assert state_of(replace(share, parent=replace(PARENT, revoked_at=NOW)), NOW) is ShareState.REVOKED
    assert state_of(replace(share, parent=replace(PARENT, expires_at=NOW)), NOW) is ShareState.EXPIRED
