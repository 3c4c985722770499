# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit lasts while somebody reads in OHIF, and ends with its grant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cloudfilm.access.token import ViewerToken, issue_token
from cloudfilm.storage.key_files import load_key_ring
from tests.support.instance import Instance, wait_for
from tests.support.patients import Paper, reported_exam

RENEWAL = "/images/renewal"


@pytest.fixture(scope="module")
def paper(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    folder: Path = tmp_path_factory.mktemp("renewal")
    return reported_exam(instance, folder, "43002")


def test_the_cookie_is_given_anew_with_the_hospitals_name(instance: Instance, paper: Paper) -> None:
    visitor = paper.visit()
    before = visitor.cookies.get_dict()
    answer = visitor.get(RENEWAL)
    assert answer.status_code == 200
    assert answer.json() == {"hospital_name": "甲医院"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert visitor.cookies.get_dict() != before
    assert visitor.get("/exam").status_code == 200


def test_nobody_gets_a_visit_by_it(instance: Instance, paper: Paper) -> None:
    assert instance.client().get(RENEWAL).status_code == 401
    before_consent = instance.client()
    assert before_consent.get(paper.link).status_code == 303
    assert before_consent.get(RENEWAL).status_code == 404


def test_the_visit_carries_on_when_the_viewers_token_has_expired(instance: Instance, paper: Paper) -> None:
    token = ViewerToken(UUID(paper.grant_id), frozenset({paper.study_instance_uid}))
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    expired = issue_token(token, load_key_ring(instance.data / "keys"), an_hour_ago, timedelta(minutes=15), uuid4())
    address = f"/dicom-web/studies/{paper.study_instance_uid}/series"
    assert instance.client(expired).get(address).status_code == 401
    visitor = paper.visit()
    visitor.headers["Authorization"] = f"Bearer {expired}"
    assert visitor.get(address).status_code == 200


def test_a_revoked_visit_is_not_renewed(instance: Instance, tmp_path: Path) -> None:
    lost = reported_exam(instance, tmp_path, "43003")
    visitor = lost.visit()
    assert visitor.get(RENEWAL).status_code == 200
    instance.admin("grant", "revoke", lost.grant_id)
    wait_for(lambda: visitor.get(RENEWAL).status_code == 401, timeout_seconds=10, what="the end of the visit")
