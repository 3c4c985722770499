# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc behind nginx, asked directly on the loopback: its filter denies all that no rule names, for every route that it really has."""

from __future__ import annotations

import re

import pytest
import requests

from cloudfilm.access.orthanc_rules import orthanc_request
from cloudfilm.access.policy import Action
from tests.support.instance import Instance


def routes_of_orthanc(instance: Instance) -> list[str]:
    """Every path of Orthanc's own OpenAPI document, which lists plugins' routes too, with sample values."""
    from datetime import UTC, datetime, timedelta
    from uuid import uuid4

    from cloudfilm.access.token import InternalToken, issue_token
    from cloudfilm.storage.key_files import load_key_ring

    token = issue_token(InternalToken("tests"), load_key_ring(instance.data / "keys"), datetime.now(UTC), timedelta(minutes=5), uuid4())
    paths = requests.get(f"{instance.orthanc_url}/tools/generate-openapi", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert paths.status_code in (200, 404)
    listed = requests.get(f"{instance.orthanc_url}/system", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert listed.status_code == 200, "an internal token opens Orthanc behind nginx"
    return list(paths.json()["paths"]) if paths.status_code == 200 else []


@pytest.mark.parametrize(
    "path",
    ["/", "/system", "/studies", "/instances", "/changes", "/modalities", "/tools/find", "/jobs", "/plugins", "/app/explorer.html",
     "/dicom-web/studies", "/dicom-web/servers", "/dicom-web/series", "/patients", "/statistics", "/wado"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_without_a_credential_orthanc_answers_nothing(instance: Instance, method: str, path: str) -> None:
    answer = requests.request(method, instance.orthanc_url + path, timeout=30)
    assert answer.status_code in (403, 404, 405), (method, path)
    assert answer.status_code == 403 or not answer.content


def test_no_integrators_token_opens_a_route_of_orthancs_rest_api(instance: Instance) -> None:
    token = instance.token("jia", "query", "retrieve", "store", "reports")
    for path in routes_of_orthanc(instance) or ["/studies", "/instances", "/tools/find", "/modalities", "/changes"]:
        asked = re.sub(r"\{[^}]*\}", "1.2.3", path)
        if orthanc_request("GET", asked, {}).action is not Action.ADMINISTER:
            continue
        answer = requests.get(instance.orthanc_url + asked, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        assert answer.status_code == 403, path


def test_an_internal_token_is_worth_nothing_at_the_public_door(instance: Instance) -> None:
    from datetime import UTC, datetime, timedelta
    from uuid import uuid4

    from cloudfilm.access.token import InternalToken, issue_token
    from cloudfilm.storage.key_files import load_key_ring

    token = issue_token(InternalToken("tests"), load_key_ring(instance.data / "keys"), datetime.now(UTC), timedelta(minutes=5), uuid4())
    client = instance.client(token)
    assert client.get("/dicom-web/studies").status_code == 401
    assert client.get("/dicom-web/studies/1.2.3/metadata").status_code == 401
    assert client.get("/dicom-web/servers").status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/system", "/instances", "/studies", "/app/explorer.html", "/portal/exam", "/denied", "/dicom-web/servers", "/unavailable.html"],
)
def test_orthancs_own_routes_do_not_exist_at_the_public_door(instance: Instance, path: str) -> None:
    answer = instance.client(instance.token("jia", "query", "retrieve", "store", "reports")).get(path)
    assert answer.status_code == 404
