# SPDX-License-Identifier: AGPL-3.0-or-later
"""A walk over every route of every part, at both doors, with every credential that must not open it."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from itertools import product
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from cloudfilm.access.grant import GrantKind
from cloudfilm.access.holder import GrantHolder, Role
from cloudfilm.access.policy import AccessRequest, Allow, decide
from cloudfilm.db.set_aside import Reason
from cloudfilm.storage.documents import DocumentStore
from portal.form_token import COOKIE as FORM_COOKIE
from portal.form_token import FIELD
from portal.language import COOKIE as LANGUAGE_COOKIE
from portal.route_policy import LOCATIONS, Leads, Opens
from tests.support import askers
from tests.support.askers import Knock
from tests.support.door import Answer, Door
from tests.support.exam_of_hospital import Exam, Registry, make_exam
from tests.support.instance import Instance
from tests.support.mint import Mint
from tests.support.portal_routes import portal_application
from tests.support.routes import Route, RouteMap, nginx_locations
from tests.support.throwaway_orthanc import core_routes, plugin_expressions

_THREADS = 6
_TOO_MANY_BEHIND_NGINX = 509  # nginx makes 429 of it


@dataclass(frozen=True)
class World:
    """Two hospitals with an exam each, everybody who might knock, every route."""

    target: Exam
    public_routes: list[Route]
    inner_routes: list[Route]
    knocks: list[Knock]
    rightful: list[Knock]
    internal: Knock


@pytest.fixture(scope="module")
def world(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("walk")
    target = make_exam(instance, folder / "jia", "jia", "CT1", "walk-of-jia")
    own = make_exam(instance, folder / "yi", "yi", "MR2", "walk-of-yi")
    registry, mint = Registry(instance), Mint(instance)
    revoked_at = datetime.now(UTC)
    spare, _ = registry.grant(target)
    share, _ = registry.grant(target, kind=GrantKind.SHARE, parent=askers.own_grant(target))
    account, program = registry.staff_holder(Role.DOCTOR, "jia"), registry.api_holder("jia", revoked_at + timedelta(hours=1))
    _, dead_secret = registry.grant(target, revoked_at=revoked_at)
    teach_form(instance, target)
    set_aside(instance, target)
    parameters = {
        "report_id": target.report_id, "page": 1, "secret": dead_secret, "grant_id": spare.grant_id, "share_id": share.grant_id,
        "study_instance_uid": target.study_instance_uid, "series_instance_uid": target.series_instance_uid,
        "sop_instance_uid": target.sop_instance_uid, "account_id": account.account_id, "token_id": program.token_id,
        "filter_id": target.report_id, "mistake_id": target.report_id, "job_id": 1, "sha256": "0" * 64,
        "print_order_id": registry.print_order(target), "film_id": registry.film(target), "asked": "frames/1",
        "form_id": target.report_id, "source_id": target.report_id, "gateway_id": registry.gateway("jia"),
        "set_aside_id": target.report_id, "kind": "content", "side": "new",
        "study": target.study_instance_uid, "series": target.series_instance_uid, "instance": target.sop_instance_uid,
    }  # fmt: skip
    routes = RouteMap(portal_application(), target, parameters)
    core = core_routes(folder, instance)
    expressions = plugin_expressions(folder, instance)
    yield World(
        target,
        public_routes=[
            *routes.of_nginx(instance, folder),
            *routes.of_portal(),
            *routes.of_orthanc(core, at_public_door=True),
            *routes.of_plugins(expressions, at_public_door=True),
        ],
        inner_routes=[
            *routes.of_portal("/portal"),
            *routes.of_orthanc(core, at_public_door=False),
            *routes.of_plugins(expressions, at_public_door=False),
        ],
        knocks=[
            *askers.with_invalid_credentials(target, registry, mint),
            *askers.of_another_hospital(own, target, registry, mint),
            *askers.with_too_little(target, registry, mint),
        ],
        rightful=askers.rightful(target, registry, mint),
        internal=askers.internal_at_public_door(mint),
    )
    registry.close()


def teach_form(instance: Instance, target: Exam) -> None:
    """A form and a sample under the report's own identifier, so that the pages that teach have something to show."""
    page = "(SELECT jsonb_build_array(jsonb_build_array(image_sha256, width, height)) FROM report_page WHERE report_id = %s AND page = 1)"
    text = "(SELECT pages FROM report_text WHERE report_id = %s)"
    form = '{"sizes": [[595, 842]], "anchors": [], "areas": []}'
    instance.sql(
        "INSERT INTO report_form (form_id, version, hospital_id, name, definition, is_on, is_deleted, change, sample_text, pictures, changed_at,"
        f" changed_by) VALUES (%s, 1, 'jia', 'form', %s, false, false, 'taught', {text}, {page}, now(), 'test')",
        *(str(target.report_id), form, str(target.report_id), str(target.report_id)),
    )
    instance.sql(
        "INSERT INTO form_sample (sample_id, hospital_id, document_sha256, status, pages, pictures, handed_in_at)"
        f" VALUES (%s, 'jia', '', 'read', {text}, {page}, now())",
        *(str(target.report_id),) * 3,
    )


def set_aside(instance: Instance, target: Exam) -> None:
    """Something that came for the exam and waits for a decision, under the report's own identifier; its picture is its content here."""
    picture = DocumentStore(instance.data / "set-aside").put(b"picture of " + target.sop_instance_uid.encode())
    instance.sql(
        "INSERT INTO set_aside (set_aside_id, hospital_id, study_instance_uid, sop_instance_uid, reason, sender, content_sha256, size_bytes,"
        " received_at, facts, picture_sha256) VALUES (%s, 'jia', %s, %s, %s, 'CT1', %s, 1, now(), '{}', %s)",
        *(str(target.report_id), target.study_instance_uid, target.sop_instance_uid, Reason.OTHER_CONTENT, picture, picture),
    )


def must_be_denied(route: Route, knock: Knock) -> bool:
    """Whether somebody must get a no. Where a valid credential names nothing it may see its own: there the answer must hold nothing of ours."""
    policy, holder = route.policy, knock.holder
    if policy.opens in (Opens.TO_ANYBODY, Opens.TO_NOBODY):
        return policy.opens is Opens.TO_NOBODY
    if holder is None or policy.opens is Opens.BY_KEY:
        return True
    if policy.opens is Opens.BY_STAFF_SESSION and not askers.is_open_staff(holder):
        return True
    if policy.opens is Opens.BY_VISIT:
        return _is_no_visit(route, holder)
    return policy.action is not None and not _allowed(route, holder)


def _is_no_visit(route: Route, holder: object) -> bool:
    now = datetime.now(UTC)
    if not isinstance(holder, GrantHolder) or not holder.is_session or not holder.grant.is_open(now):
        return True
    if not holder.consented:
        return not route.policy.before_consent
    if route.policy.action is None:
        return False
    own = AccessRequest(route.policy.action, holder.hospital_id, next(iter(holder.study_instance_uids)), holder.grant.report_id)
    return not isinstance(decide(own, holder, now), Allow)


def _allowed(route: Route, holder: object) -> bool:
    exam, names = route.target, route.names_target
    return any(
        isinstance(
            decide(
                AccessRequest(
                    action,
                    hospital_id=exam.hospital_id if names else None,
                    study_instance_uid=exam.study_instance_uid if exam.study_instance_uid in route.address else None,
                    report_id=exam.report_id if str(exam.report_id) in route.address else None,
                ),
                holder,  # type: ignore[arg-type]
                datetime.now(UTC),
            ),
            Allow,
        )
        for action in (route.policy.action, route.policy.instead)
        if action is not None
    )


class Walk:
    """Through one door with everybody.

    A route that no rule names is closed by one line: there one of each sort knocks, and whoever may see all of the exam.
    """

    def __init__(self, door: Door, denials: set[int], routes: list[Route], knocks: list[Knock]) -> None:
        self._door, self._denials = door, denials
        self.routes, self.knocks = routes, knocks
        self.pairs = [
            (route, knock) for route, knock in product(routes, knocks) if knock.typical or route.policy.opens is not Opens.TO_NOBODY
        ]

    def troubles(self) -> list[str]:
        """What went wrong."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return [trouble for trouble in pool.map(lambda pair: self._trouble(*pair), self.pairs) if trouble]

    def _trouble(self, route: Route, knock: Knock) -> str | None:
        shown = f"{route.method} {route.address} for {knock.name!r}"
        try:
            answer = ask(self._door, route, knock)
        except (OSError, HTTPException) as error:
            return f"{shown}: no answer, {error!r}"
        is_denial = must_be_denied(route, knock)
        if answer.status >= 500 and answer.status != _TOO_MANY_BEHIND_NGINX:
            return f"{shown}: {answer.status}, a failure"
        if is_denial and answer.status not in self._denials | _more_denials(route) and not _sends_away(answer):
            return f"{shown}: {answer.status}, which is no denial"
        is_own = getattr(knock.holder, "hospital_id", None) == route.target.hospital_id
        if (is_denial or not is_own) and any(mark in _told(route, answer) for mark in route.target.marks):
            return f"{shown}: {answer.status} with something of the exam in it"
        return None


def ask(door: Door, route: Route, knock: Knock) -> Answer:
    """What changes something is sent as a form with the token of its own page: it must be refused for who asks, not for how."""
    if route.method not in ("POST", "PUT"):
        return door.ask(route.method, route.address, knock.headers)
    cookies = "; ".join(filter(None, [knock.headers.get("Cookie"), f"{FORM_COOKIE}={route.target.form[0]}"]))
    headers = {**knock.headers, "Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    return door.ask(route.method, route.address, headers, urlencode({FIELD: route.target.form[1]}).encode())


def _more_denials(route: Route) -> set[int]:
    """405 where there is nothing for this method, 400 for a spelling; at the door for codes also too many tries, which people read as a page."""
    if route.policy.opens is Opens.TO_NOBODY:
        return {400, 405, 415}
    return {400, 429, _TOO_MANY_BEHIND_NGINX} if route.policy.opens is Opens.BY_KEY else set()


def _told(route: Route, answer: Answer) -> str:
    """What an answer says beside the address that was asked for, which whoever asked knows."""
    return answer.content.decode("utf-8", errors="replace").replace(urlsplit(route.address).path.removeprefix("/portal"), "")


def _sends_away(answer: Answer) -> bool:
    """To where one shows a key."""
    return answer.status == 303 and answer.headers.get("location") in ("/", "/staff/sign-in")


def walk_and_say(capsys: pytest.CaptureFixture[str], name: str, walk: Walk) -> None:
    began = time.monotonic()
    troubles = walk.troubles()
    parts = ", ".join(f"{number} {part}" for part, number in sorted(Counter(route.part for route in walk.routes).items()))
    with capsys.disabled():
        print(
            f"\n{name}: {len(walk.routes)} routes ({parts}) x {len(walk.knocks)} credentials, {len(walk.pairs)} requests in"
            f" {time.monotonic() - began:.0f} s, {len(troubles)} open"
        )
    assert not troubles, "\n".join(troubles[:50])


def test_at_the_public_door_every_route_is_closed_to_everybody_without_a_right(
    instance: Instance, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    door = Door(instance.url, instance.data / "tls/certificate.pem")
    walk_and_say(capsys, "public door", Walk(door, {401, 404}, world.public_routes, [*world.knocks, world.internal]))
    instance.sql("DELETE FROM wrong_try")


def test_behind_nginx_every_route_of_orthanc_is_closed_to_everybody_without_a_right(
    instance: Instance, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    walk_and_say(capsys, "Orthanc's own port", Walk(Door(instance.orthanc_url), {401, 403, 404}, world.inner_routes, world.knocks))
    instance.sql("DELETE FROM wrong_try")


def test_every_route_that_is_not_closed_opens_to_somebody(instance: Instance, world: World) -> None:
    """Else the walk would knock at doors that are painted on the wall."""
    door = Door(instance.url, instance.data / "tls/certificate.pem")
    never = []
    for route in world.public_routes:
        if route.policy.opens in (Opens.TO_NOBODY, Opens.BY_KEY, Opens.TO_ANYBODY) or _only_nginx_asks(route):
            continue
        statuses = {knock.name: ask(door, route, knock).status for knock in world.rightful}
        if set(statuses.values()) <= {401, 403, 404, 405}:
            never.append((route.method, route.address, statuses))
    assert never == []


def _only_nginx_asks(route: Route) -> bool:
    nowhere = [location.split(" ", 1)[1] for location, leads in LOCATIONS.items() if leads is Leads.NOWHERE and location.startswith("~ ")]
    return any(re.match(pattern, route.address) for pattern in nowhere)


def test_every_location_of_nginx_is_declared_and_none_is_declared_that_is_gone(instance: Instance, tmp_path: Path) -> None:
    assert sorted(nginx_locations(instance, tmp_path)) == sorted(LOCATIONS), "portal/route_policy.py says where each location leads"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get"])
def test_other_methods_open_nothing(instance: Instance, world: World, method: str) -> None:
    door = Door(instance.url, instance.data / "tls/certificate.pem")
    for route in world.public_routes:
        if route.method == "GET" and route.policy.opens is not Opens.TO_ANYBODY:
            answer = door.ask(method, route.address)
            told = method == "OPTIONS" and (answer.status, answer.content) == (204, b"")
            assert told or 400 <= answer.status < 500, (method, route.address, answer.status)
            assert not any(mark.encode() in answer.content for mark in world.target.marks)


_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-frame-options": "DENY",
}


def faults_of_headers(address: str, answer: Answer) -> list[str]:
    """What an answer says too little of, or too much."""
    faults = [name for name, value in _ALWAYS.items() if answer.headers.get(name) != value]
    policy = answer.headers.get("content-security-policy", "")
    if "frame-ancestors 'none'" not in policy or "default-src 'none'" not in policy or "base-uri 'none'" not in policy:
        faults.append("content-security-policy")
    if "unsafe" in policy and not address.startswith("/viewer/"):
        faults.append("unsafe content-security-policy")
    if answer.headers.get("server", "nginx") != "nginx" or "x-powered-by" in answer.headers:
        faults.append("server")
    if any(name.startswith("access-control-") for name in answer.headers):
        faults.append("access-control")
    for one in answer.cookies:
        name, *attributes = one.split("; ")
        if not {"Secure", "Path=/"} <= set(attributes) or not {"SameSite=Lax", "SameSite=Strict"} & set(attributes) or "Domain" in one:
            faults.append(f"cookie {name}")
        # The language is no secret, and the viewer reads it.
        if name.split("=")[0] != LANGUAGE_COOKIE and not (name.startswith("__Host-") and "HttpOnly" in attributes):
            faults.append(f"cookie {name}")
    return faults


def test_every_answer_carries_the_headers(instance: Instance, world: World) -> None:
    door = Door(instance.url, instance.data / "tls/certificate.pem")
    knocks = [Knock("no credential"), world.rightful[0], world.rightful[2]]
    routes = [route for route in world.public_routes if route.policy.opens is not Opens.TO_NOBODY or route.part != "Orthanc"]
    with ThreadPoolExecutor(_THREADS) as pool:
        faults = list(pool.map(lambda pair: faults_of_headers(pair[0].address, ask(door, *pair)), product(routes, knocks)))
    found = {
        f"{route.method} {route.address} for {knock.name}": fault
        for (route, knock), fault in zip(product(routes, knocks), faults, strict=True)
    }
    assert {name: fault for name, fault in found.items() if fault} == {}
    for address in ("/no/such/page", "/q/short", "/%2e%2e/x", f"/?lang=en&x={'x' * 9000}", "/?lang=zh-CN"):
        assert faults_of_headers(address, door.ask("GET", address)) == [], address
    too_large = door.ask("POST", "/api/v1/access", {"Content-Length": str(65 * 1024 * 1024)})
    assert (too_large.status, faults_of_headers("/api/v1/access", too_large)) == (413, [])
    instance.sql("DELETE FROM wrong_try")
