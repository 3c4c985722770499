# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pure side of access: codes, secrets, tokens and the table of open routes."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudfilm.access.access_code import access_code_from, hash_access_code, normalise_access_code
from cloudfilm.access.key_ring import KeyRing, SigningKey
from cloudfilm.access.orthanc_rules import orthanc_request
from cloudfilm.access.policy import Action
from cloudfilm.access.secret import hash_secret, secret_from
from cloudfilm.access.token import ApiToken, SessionToken, ViewerToken, issue_token, read_token

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
IDS = [UUID(int=number) for number in range(1, 5)]
RING = KeyRing((SigningKey("old", b"o" * 32), SigningKey("new", b"n" * 32)), b"h" * 32, ())


@given(st.binary(min_size=8, max_size=8))
def test_a_code_survives_being_typed_by_people(random_bytes: bytes) -> None:
    code = access_code_from(random_bytes)
    typed = code.lower().replace("-", " ").replace("0", "O").replace("1", "l")
    assert normalise_access_code(typed) == code.replace("-", "")


@pytest.mark.parametrize("typed", ["", "7K3M", "7K3M-9QXF-2T8B-1", "7K3M-9QXF-2T8U", "７Ｋ３Ｍ-9QXF-2T8B"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert normalise_access_code(typed) is None


def test_codes_hash_differently_under_another_key() -> None:
    assert hash_access_code("7K3M9QXF2T8B", b"a" * 32) != hash_access_code("7K3M9QXF2T8B", b"b" * 32)


@given(st.binary(min_size=16, max_size=16))
def test_a_secret_is_found_in_either_case(random_bytes: bytes) -> None:
    secret = secret_from(random_bytes)
    assert hash_secret(secret.lower()) == hash_secret(secret) is not None
    assert hash_secret(secret[:-1]) is None


def issue(token: SessionToken | ViewerToken | ApiToken, ring: KeyRing = RING) -> str:
    return issue_token(token, ring, NOW, timedelta(minutes=10), IDS[3])


@pytest.mark.parametrize("token", [SessionToken(IDS[0], True), ViewerToken(IDS[0], frozenset({"1.2"})), ApiToken(IDS[0])])
def test_a_token_reads_as_what_was_issued_until_it_expires(token: SessionToken | ViewerToken | ApiToken) -> None:
    text = issue(token)
    assert read_token(text, RING, NOW + timedelta(minutes=9)) == token
    assert read_token(text, RING, NOW + timedelta(minutes=10)) is None


def test_a_rotated_key_still_reads_and_a_removed_one_does_not() -> None:
    text = issue(ApiToken(IDS[0]), KeyRing(RING.signing[:1], b"", ()))
    assert read_token(text, RING, NOW) == ApiToken(IDS[0])
    assert read_token(text, KeyRing(RING.signing[1:], b"", ()), NOW) is None


def forged(header: dict[str, str], claims: dict[str, object], key: bytes | None) -> str:
    if key is not None:
        return jwt.encode(claims, key, "HS256", headers=header)
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


CLAIMS: dict[str, object] = {"sub": str(IDS[0]), "iss": "cloudfilm", "aud": "api", "iat": NOW, "exp": NOW + timedelta(days=1), "jti": "x"}


@pytest.mark.parametrize(
    "text",
    [
        forged({"alg": "none", "kid": "new", "typ": "cloudfilm-api+jwt"}, {**CLAIMS, "iat": 0, "exp": 9999999999}, None),
        forged({"kid": "new", "typ": "cloudfilm-api+jwt"}, CLAIMS, RING.signing[1].for_kind("viewer")),
        forged({"kid": "new", "typ": "cloudfilm-api+jwt"}, CLAIMS, RING.signing[1].secret),
        forged({"kid": "../../dev/null", "typ": "cloudfilm-api+jwt"}, CLAIMS, RING.signing[1].for_kind("api")),
        forged({"kid": "new", "typ": "JWT"}, CLAIMS, RING.signing[1].for_kind("api")),
        forged({"kid": "new", "typ": "cloudfilm-api+jwt"}, {**CLAIMS, "aud": "session"}, RING.signing[1].for_kind("api")),
        forged({"kid": "new", "typ": "cloudfilm-api+jwt"}, {**CLAIMS, "iss": "other"}, RING.signing[1].for_kind("api")),
        forged({"kid": "new", "typ": "cloudfilm-api+jwt"}, {**CLAIMS, "sub": "no uuid"}, RING.signing[1].for_kind("api")),
        "",
        "a.b.c",
    ],
    ids=[
        "alg none",
        "key of another kind",
        "undivided key",
        "kid injection",
        "no kind",
        "audience",
        "issuer",
        "subject",
        "empty",
        "nonsense",
    ],
)
def test_forged_tokens_are_nothing(text: str) -> None:
    assert read_token(text, RING, NOW) is None


@pytest.mark.parametrize(
    ("method", "uri", "action"),
    [
        ("GET", "/dicom-web/studies/1.2/metadata", Action.READ_METADATA),
        ("GET", "/dicom-web/studies/1.2/series/1.3/instances/1.4/frames/1", Action.VIEW_IMAGES),
        ("GET", "/dicom-web/studies/1.2/series", Action.ADMINISTER),
        ("GET", "/dicom-web/studies/1.2/series/1.3/instances", Action.ADMINISTER),
        ("GET", "/dicom-web/studies/1.2", Action.RETRIEVE_ORIGINALS),
        ("GET", "/dicom-web/studies/1.2/series/1.3/instances/1.4/bulk/7fe00010", Action.RETRIEVE_BULK_DATA),
        ("POST", "/dicom-web/studies", Action.STORE_IMAGES),
        ("GET", "/dicom-web/studies", Action.ADMINISTER),
        ("DELETE", "/dicom-web/studies/1.2", Action.ADMINISTER),
        ("GET", "/dicom-web/servers", Action.ADMINISTER),
        ("GET", "/dicom-web/studies/1.2/../../system", Action.ADMINISTER),
        ("GET", "/studies", Action.ADMINISTER),
        ("POST", "/instances", Action.ADMINISTER),
        ("", "/", Action.ADMINISTER),
    ],
)
def test_orthancs_routes_are_open_only_where_a_rule_names_them(method: str, uri: str, action: Action) -> None:
    assert orthanc_request(method, uri, {}).action is action


@pytest.mark.parametrize(
    ("query", "action"),
    [
        ({"studyUID": "1.2", "objectUID": "1.4"}, Action.VIEW_IMAGES),
        ({"studyUID": "1.2", "objectUID": "1.4", "contentType": "image/png"}, Action.VIEW_IMAGES),
        ({"studyUID": "1.2", "objectUID": "1.4", "contentType": "application/dicom"}, Action.RETRIEVE_ORIGINALS),
        ({"studyUID": "1.2", "objectUID": "1.4", "contentType": "application/pdf"}, Action.RETRIEVE_ORIGINALS),
        ({"objectUID": "1.4"}, Action.ADMINISTER),
        ({"studyUID": "1.2,1.3", "objectUID": "1.4"}, Action.ADMINISTER),
        ({"STUDYUID": "1.2", "objectUID": "1.4"}, Action.ADMINISTER),
    ],
)
def test_wado_uri_names_the_study_that_is_judged(query: dict[str, str], action: Action) -> None:
    assert orthanc_request("GET", "/wado", query).action is action
