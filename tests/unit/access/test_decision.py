# SPDX-License-Identifier: AGPL-3.0-or-later
"""`decide`: what each holder may do, and properties that hold for every grant, request and moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind, Right
from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, InternalHolder, Role, Scope, StaffHolder
from cloudfilm.access.policy import AccessRequest, Action, Allow, Deny, decide

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
IDS = [UUID(int=number) for number in range(1, 8)]
STUDIES = ["1.2", "1.3", "1.4"]
GRANT = Grant(IDS[0], "jia", GrantKind.PATIENT, ALL_RIGHTS, NOW, IDS[1], frozenset({"1.2"}), frozenset({IDS[1]}))
PATIENT = GrantHolder(GRANT, consented=True)
VIEWER = GrantHolder(GRANT, consented=True, narrowed_to=frozenset({"1.2"}))
API = ApiHolder(IDS[2], "jia", frozenset(Scope), NOW + timedelta(days=1), None)


def staff(role: Role, hospital_id: str | None = "jia") -> StaffHolder:
    return StaffHolder(IDS[3], "li", "李", role, None if role is Role.OPERATOR else hospital_id, IDS[4], closed=False)


def share(**changes: object) -> GrantHolder:
    child = replace(GRANT, grant_id=IDS[5], kind=GrantKind.SHARE, rights=ALL_RIGHTS - {Right.SHARE}, parent=GRANT)
    return GrantHolder(replace(child, **changes), consented=True)  # type: ignore[arg-type]


def asked(action: Action, hospital_id: str | None = "jia", study: str | None = "1.2", report: UUID | None = IDS[1]) -> AccessRequest:
    return AccessRequest(action, hospital_id, study, report)


def may(request: AccessRequest, holder: Holder, now: datetime = NOW) -> bool:
    return isinstance(decide(request, holder, now), Allow)


ALLOWED: dict[str, tuple[Holder, set[Action]]] = {
    "patient": (
        PATIENT,
        {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.READ_CLEANED_METADATA, Action.RETRIEVE_BULK_DATA,
         Action.RETRIEVE_ORIGINALS, Action.READ_REPORT, Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT, Action.SHARE, Action.READ_OWN_LOG,
         Action.REPORT_MISTAKE},
    ),
    "viewer": (
        VIEWER,
        {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.READ_CLEANED_METADATA, Action.RETRIEVE_BULK_DATA,
         Action.RETRIEVE_ORIGINALS},
    ),
    "share": (
        share(),
        {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.READ_CLEANED_METADATA, Action.RETRIEVE_BULK_DATA,
         Action.RETRIEVE_ORIGINALS, Action.READ_REPORT, Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT},
    ),
    "share without report": (
        share(rights=frozenset({Right.IMAGES, Right.DOWNLOAD})), {Action.QUERY, Action.VIEW_IMAGES, Action.READ_CLEANED_METADATA},
    ),
    "share without names": (
        share(hides_names=True), {Action.QUERY, Action.VIEW_IMAGES, Action.READ_CLEANED_METADATA, Action.READ_REPORT},
    ),
    "share for looking only": (
        share(rights=frozenset({Right.IMAGES, Right.REPORT})),
        {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.READ_CLEANED_METADATA, Action.RETRIEVE_BULK_DATA,
         Action.READ_REPORT, Action.SEE_REPORT_PAGES},
    ),
    "program": (
        API,
        {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.RETRIEVE_BULK_DATA, Action.RETRIEVE_ORIGINALS,
         Action.STORE_IMAGES, Action.READ_REPORT, Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT, Action.SUBMIT_REPORT,
         Action.FETCH_DELIVERY},
    ),
    "doctor": (
        staff(Role.DOCTOR),
        {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.RETRIEVE_BULK_DATA, Action.RETRIEVE_ORIGINALS,
         Action.READ_REPORT, Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT, Action.REVIEW_REPORTS, Action.SETTLE_CONFLICTS},
    ),
    "registrar": (
        staff(Role.REGISTRAR),
        {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.RETRIEVE_BULK_DATA, Action.READ_REPORT, Action.SEE_REPORT_PAGES,
         Action.DOWNLOAD_REPORT, Action.SUBMIT_REPORT, Action.MANAGE_GRANTS, Action.ISSUE_PAPER, Action.READ_STUDY_LOG, Action.REVIEW_REPORTS, Action.SETTLE_CONFLICTS,
         Action.TEACH_FORMS},
    ),
    "administrator": (
        staff(Role.ADMINISTRATOR),
        {Action.QUERY, Action.MANAGE_GRANTS, Action.MANAGE_TOKENS, Action.MANAGE_ACCOUNTS, Action.TEACH_FORMS, Action.READ_AUDIT,
         Action.READ_STUDY_LOG, Action.MANAGE_HOSPITAL, Action.READ_STATISTICS},
    ),
    "operator": (staff(Role.OPERATOR), set()),
}  # fmt: skip


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("who", ALLOWED)
def test_each_holder_may_do_what_is_listed_and_nothing_else(who: str, action: Action) -> None:
    holder, allowed = ALLOWED[who]
    assert may(asked(action), holder) == (action in allowed)


@pytest.mark.parametrize("action", list(Action))
def test_an_operator_manages_accounts_and_reads_the_audit_but_sees_no_patient(action: Action) -> None:
    nothing_named = AccessRequest(action)
    assert may(nothing_named, staff(Role.OPERATOR)) == (action in {Action.MANAGE_ACCOUNTS, Action.READ_AUDIT, Action.OPERATE})


NAMED = [action for action in Action if action not in (Action.STORE_IMAGES, Action.ADMINISTER)]


@pytest.mark.parametrize("action", NAMED)
@pytest.mark.parametrize("holder", [API, *map(staff, Role)], ids=lambda holder: getattr(holder, "role", "program"))
@pytest.mark.parametrize("hospital_id", ["yi", None])
def test_nothing_of_another_hospital_or_of_nobody_is_allowed(action: Action, holder: Holder, hospital_id: str | None) -> None:
    assert not may(asked(action, hospital_id), holder)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("holder", [PATIENT, VIEWER, share()], ids=["patient", "viewer", "share"])
def test_nothing_of_another_study_or_report_is_allowed(action: Action, holder: GrantHolder) -> None:
    allowed = may(asked(action, study="1.3", report=IDS[6]), holder)
    assert allowed == (action in {Action.SHARE, Action.READ_OWN_LOG, Action.REPORT_MISTAKE} and holder is PATIENT)


CLOSED = [{"revoked_at": NOW}, {"expires_at": NOW}, {"not_before": NOW + timedelta(seconds=1)}]


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("change", CLOSED, ids=lambda change: next(iter(change)))
def test_of_a_closed_grant_nothing_is_allowed_and_its_shares_die_with_it(action: Action, change: dict[str, datetime]) -> None:
    closed = replace(GRANT, **change)  # type: ignore[arg-type]
    for holder in (GrantHolder(closed, True), GrantHolder(closed, True, frozenset({"1.2"})), share(parent=closed)):
        assert not may(asked(action), holder)


@pytest.mark.parametrize("action", list(Action))
def test_without_consent_with_a_closed_session_or_a_revoked_token_nothing_is_allowed(action: Action) -> None:
    assert not may(asked(action), replace(PATIENT, consented=False))
    assert not may(asked(action), replace(API, revoked_at=NOW))
    assert not may(asked(action), replace(API, expires_at=NOW))
    assert not any(may(asked(action), replace(staff(role), closed=True)) for role in Role)


def test_one_of_our_own_processes_may_do_everything() -> None:
    assert all(may(AccessRequest(action), InternalHolder("worker")) for action in Action)


moments = st.one_of(st.none(), st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours)))
rights = st.frozensets(st.sampled_from(list(Right)))
studies = st.frozensets(st.sampled_from(STUDIES))
reports = st.frozensets(st.sampled_from(IDS[:3]))
requests = st.builds(
    AccessRequest,
    st.sampled_from(list(Action)),
    st.sampled_from(["jia", "yi", None]),
    st.sampled_from([*STUDIES, None]),
    st.sampled_from([*IDS[:3], None]),
)


def grants(parents: st.SearchStrategy[Grant | None], kinds: st.SearchStrategy[GrantKind]) -> st.SearchStrategy[Grant]:
    return st.builds(
        Grant,
        grant_id=st.sampled_from(IDS), hospital_id=st.just("jia"), kind=kinds, rights=rights, created_at=st.just(NOW),
        study_instance_uids=studies, report_ids=reports, hides_names=st.booleans(), not_before=moments, expires_at=moments,
        revoked_at=moments, parent=parents,
    )  # fmt: skip


roots = grants(st.none(), st.sampled_from(list(GrantKind)))
children = grants(grants(roots, st.just(GrantKind.SHARE)) | roots, st.just(GrantKind.SHARE))


@given(requests, children, st.booleans(), st.none() | studies)
def test_a_child_grant_never_allows_what_its_parent_denies(
    request: AccessRequest, child: Grant, consented: bool, narrowed_to: frozenset[str] | None
) -> None:
    assert child.parent is not None
    parent = GrantHolder(child.parent, consented=True)
    if may(request, GrantHolder(child, consented, narrowed_to)):
        assert may(request, parent)


@given(requests, children, studies)
def test_a_viewers_token_never_allows_what_its_grant_denies(request: AccessRequest, grant: Grant, narrowed_to: frozenset[str]) -> None:
    if may(request, GrantHolder(grant, True, narrowed_to)):
        assert may(request, GrantHolder(grant, True))
        assert request.study_instance_uid is None or request.study_instance_uid in narrowed_to


@given(requests, children, st.sampled_from(["rights", "study_instance_uids", "report_ids"]), st.data())
def test_taking_something_away_never_allows_more(request: AccessRequest, grant: Grant, what: str, data: st.DataObject) -> None:
    whole: frozenset[object] = getattr(grant, what)
    less = data.draw(st.frozensets(st.sampled_from(sorted(whole, key=str)))) if whole else whole
    if may(request, GrantHolder(replace(grant, **{what: less}), True)):  # type: ignore[arg-type]
        assert may(request, GrantHolder(grant, True))


@given(requests, children)
def test_reach_is_what_the_whole_line_reaches(request: AccessRequest, grant: Grant) -> None:
    if may(request, GrantHolder(grant, True)) and request.action is Action.VIEW_IMAGES:
        assert request.study_instance_uid in grant.reached_studies
    if may(request, GrantHolder(grant, True)) and request.action is Action.READ_REPORT:
        assert request.report_id in grant.reached_reports


@given(requests, children)
def test_a_denial_has_a_reason(request: AccessRequest, grant: Grant) -> None:
    decision = decide(request, GrantHolder(grant, True), NOW)
    assert isinstance(decision, Allow) or (isinstance(decision, Deny) and decision.reason)
