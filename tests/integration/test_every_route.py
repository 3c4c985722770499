# SPDX-License-Identifier: AGPL-3.0-or-later
"""A walk over every route of every part, at both doors, with every credential that must not open it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
import urllib3

from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Allow, decide
from portal.route_policy import Opens
from tests.support import askers
from tests.support.askers import Knock
from tests.support.exam_of_hospital import Exam, Registry, make_exam
from tests.support.instance import Instance
from tests.support.mint import Mint
from tests.support.portal_routes import portal_application
from tests.support.routes import Route, RouteMap
from tests.support.throwaway_orthanc import core_routes, plugin_expressions

_THREADS = 6


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
    share, _ = registry.grant(target)
    _, dead_secret = registry.grant(target, revoked_at=revoked_at)
    parameters = {
        "report_id": target.report_id, "page": 1, "secret": dead_secret, "grant_id": target.grant_id, "share_id": share.grant_id,
        "study_instance_uid": target.study_instance_uid, "series_instance_uid": target.series_instance_uid,
        "sop_instance_uid": target.sop_instance_uid,
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
    assert route.policy.action is not None
    exam, names = route.target, route.names_target
    asked = AccessRequest(
        route.policy.action,
        hospital_id=exam.hospital_id if names else None,
        study_instance_uid=exam.study_instance_uid if exam.study_instance_uid in route.address else None,
        report_id=exam.report_id if str(exam.report_id) in route.address else None,
    )
    return isinstance(decide(asked, holder, datetime.now(UTC)), Allow)  # type: ignore[arg-type]


class Walker:
    """Knocks at one door over connections that stay open."""

    def __init__(self, address: str, certificate: Path | None, denials: set[int]) -> None:
        self._denials = denials
        self._pool = urllib3.connection_from_url(
            address, maxsize=_THREADS, timeout=10.0, **({"ca_certs": str(certificate)} if certificate else {})
        )

    def walk(self, routes: list[Route], knocks: list[Knock]) -> tuple[list[str], Counter[str]]:
        """What went wrong, and how many requests went to which part."""
        pairs = list(product(routes, knocks))
        with ThreadPoolExecutor(_THREADS) as pool:
            troubles = list(pool.map(lambda pair: self.trouble(*pair), pairs, chunksize=1))
        return [trouble for trouble in troubles if trouble], Counter(route.part for route, _ in pairs)

    def answer(self, route: Route, knock: Knock, method: str | None = None) -> urllib3.BaseHTTPResponse:
        body = b"" if route.method in ("POST", "PUT") else None
        return self._pool.urlopen(method or route.method, route.address, headers=knock.headers, body=body, redirect=False, retries=False)

    def trouble(self, route: Route, knock: Knock) -> str | None:
        """Why this answer should not have been given, None when all is well."""
        try:
            answer = self.answer(route, knock)
        except urllib3.exceptions.HTTPError as error:
            return f"{route.method} {route.address} for {knock.name!r}: {type(error).__name__}"
        shown = f"{route.method} {route.address} for {knock.name!r}: {answer.status}"
        if answer.status >= 500 and answer.status != 509:
            return f"{shown}, a failure"
        if must_be_denied(route, knock) and answer.status not in self._denials | _more_denials(route):
            return f"{shown}, which is no denial"
        is_own = knock.holder is not None and knock.holder.hospital_id == route.target.hospital_id if hasattr(knock.holder, "hospital_id") else False
        if (not is_own or must_be_denied(route, knock)) and any(mark.encode() in answer.data for mark in route.target.marks):
            return f"{shown}, with something of the exam in it"
        return None


def _more_denials(route: Route) -> set[int]:
    """405 where there is nothing for this method; at the door for codes also too many tries, which people read as a page."""
    if route.policy.opens is Opens.TO_NOBODY:
        return {405}
    return {400, 429, 509} if route.policy.opens is Opens.BY_KEY else set()


def report(capsys: pytest.CaptureFixture[str], door: str, routes: list[Route], knocks: list[Knock], counted: Counter[str], began: float) -> None:
    parts = ", ".join(f"{number} {part}" for part, number in sorted(Counter(route.part for route in routes).items()))
    with capsys.disabled():
        print(
            f"\n{door}: {len(routes)} routes ({parts}) x {len(knocks)} credentials ="
            f" {counted.total()} requests in {time.monotonic() - began:.0f} s, none open"
        )


def test_at_the_public_door_every_route_is_closed_to_everybody_without_a_right(
    instance: Instance, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    walker = Walker(instance.url, instance.data / "tls/certificate.pem", {401, 404})
    knocks = [*world.knocks, world.internal]
    troubles, counted = walker.walk(world.public_routes, knocks)
    report(capsys, "public door", world.public_routes, knocks, counted, began)
    open("/tmp/w/d-walk/troubles.txt","a").write("\n".join(troubles)+"\n")
    assert troubles == []
    instance.sql("DELETE FROM wrong_try")


def test_behind_nginx_every_route_of_orthanc_is_closed_to_everybody_without_a_right(
    instance: Instance, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    walker = Walker(instance.orthanc_url, None, {401, 403, 404})
    troubles, counted = walker.walk(world.inner_routes, world.knocks)
    assert troubles == []
    report(capsys, "Orthanc's own port", world.inner_routes, world.knocks, counted, began)
    open("/tmp/w/d-walk/troubles.txt","a").write("\n".join(troubles)+"\n")
    assert troubles == []
    instance.sql("DELETE FROM wrong_try")
