# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks on our own tokens, over HTTP at the public door: forged, changed, confused with each other, brought in the wrong place."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cloudfilm.access.key_ring import KeyRing
from cloudfilm.access.token import (
    ApiToken,
    DeviceToken,
    GatewayToken,
    InternalToken,
    OidcToken,
    SessionToken,
    StaffToken,
    Token,
    ViewerToken,
    issue_token,
)
from cloudfilm.storage.key_files import load_key_ring
from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.oidc_provider import document_server
from tests.support.samples import ct_study, fields_for, study_uid

KINDS = ("session", "viewer", "api", "gateway", "staff", "device", "oidc", "internal")
# Where each kind is good; the others are good nowhere from outside.
CARRIER_OF = {"session": "__Host-session", "viewer": "bearer", "api": "bearer", "gateway": "bearer", "staff": "__Host-staff"}
CARRIERS = ("bearer", "__Host-session", "__Host-staff", "__Host-device", "__Host-oidc")


@dataclass(frozen=True)
class Target:
    """A study that every genuine token may see, and one that none may."""

    instance: Instance
    study: str
    foreign_study: str
    ring: KeyRing
    grant_id: UUID
    token_ids: dict[str, UUID]
    session_id: UUID

    def token(self, kind: str, lifetime: timedelta = timedelta(minutes=10)) -> str:
        """A genuine token."""
        subject: Token
        match kind:
            case "session":
                subject = SessionToken(self.grant_id, consented=True)
            case "viewer":
                subject = ViewerToken(self.grant_id, frozenset({self.study}))
            case "api":
                subject = ApiToken(self.token_ids["api"])
            case "gateway":
                subject = GatewayToken(self.token_ids["gateway"])
            case "staff":
                subject = StaffToken(self.session_id)
            case "device":
                subject = DeviceToken(self.grant_id, self.grant_id)
            case "oidc":
                subject = OidcToken(str(self.grant_id), "n", "v")
            case _:
                subject = InternalToken("worker")
        return issue_token(subject, self.ring, datetime.now(UTC), lifetime, uuid4())

    def status(self, token: str, carrier: str, study: str | None = None) -> int:
        """What the metadata of a study answers to whoever brings this."""
        value = f"Bearer {token}" if carrier == "bearer" else f"{carrier}={token}"
        header = {"Authorization" if carrier == "bearer" else "Cookie": value.encode("utf-8", "surrogateescape")}
        return self.instance.client().get(f"/dicom-web/studies/{study or self.study}/metadata", headers=header).status_code

    def is_refused_everywhere(self, token: str) -> bool:
        """Whether it opens nothing wherever it is brought."""
        return [self.status(token, carrier) for carrier in CARRIERS] == [401] * len(CARRIERS)


@pytest.fixture(scope="module")
def target(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Target:
    for seed in ("attacked", "unattacked"):
        assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path_factory.mktemp(seed), seed))).returncode == 0
    wait_for(
        lambda: instance.sql("SELECT count(*) FROM study WHERE accession_number LIKE 'A%%attacked' AND complete_at IS NOT NULL") == [(2,)]
    )
    client = instance.client(instance.token("jia", "reports"))
    report = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for("attacked"))}).json()
    assert report["status"] == "matched"
    grant_id = instance.sql("SELECT grant_id FROM access_grant WHERE report_id = %s", report["report_id"])[0][0]
    token_ids = {"api": uuid4(), "gateway": uuid4()}
    for kind, token_id in token_ids.items():
        instance.sql(
            "INSERT INTO api_token (token_id, hospital_id, scopes, label, issued_at, expires_at, kind)"
            " VALUES (%s, 'jia', '{query,retrieve}', '', now(), now() + interval '1 day', %s)",
            str(token_id), kind,
        )  # fmt: skip
    account_id, session_id = uuid4(), uuid4()
    instance.sql(
        "INSERT INTO account (account_id, hospital_id, login, full_name, role, created_at) VALUES (%s, 'jia', %s, '李医生', 'doctor', now())",
        str(account_id), f"attacked-{account_id.hex[:8]}",
    )  # fmt: skip
    instance.sql(
        "INSERT INTO staff_session (session_id, account_id, began_at, last_used_at) VALUES (%s, %s, now(), now())",
        str(session_id),
        str(account_id),
    )
    ring = load_key_ring(instance.data / "keys")
    return Target(instance, study_uid("attacked"), study_uid("unattacked"), ring, UUID(str(grant_id)), token_ids, session_id)


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: Any) -> str:
    return unpadded(json.dumps(value).encode())


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def with_header(token: str, **changed: Any) -> str:
    return f"{part(jwt.get_unverified_header(token) | changed)}.{token.split('.', 1)[1]}"


def with_claims(token: str, **changed: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{part(claims_of(token) | changed)}.{signature}"


def signed(header: dict[str, Any], claims: dict[str, Any], key: bytes, digest: Callable[..., Any] = hashlib.sha256) -> str:
    content = f"{part(header)}.{part(claims)}"
    return f"{content}.{unpadded(hmac.digest(key, content.encode(), digest))}"


@pytest.mark.parametrize("kind", CARRIER_OF)
def test_the_genuine_token_is_good_in_its_own_place(target: Target, kind: str) -> None:
    """Without this every refusal below would prove nothing."""
    assert target.status(target.token(kind), CARRIER_OF[kind]) == 200


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_genuine_token_is_worth_nothing_in_another_place(target: Target, kind: str, carrier: str) -> None:
    if CARRIER_OF.get(kind) == carrier:
        assert target.status(target.token(kind), carrier, target.foreign_study) in (200, 404)
    else:
        assert target.status(target.token(kind), carrier) == 401


@pytest.mark.parametrize("kind", ["session", "viewer"])
def test_a_patients_token_opens_no_other_study(target: Target, kind: str) -> None:
    assert target.status(target.token(kind), CARRIER_OF[kind], target.foreign_study) == 404


@pytest.mark.parametrize("parameter", ["token", "access_token", "authorization", "jwt"])
def test_a_token_in_the_address_is_not_read(target: Target, parameter: str) -> None:
    address = f"/dicom-web/studies/{target.study}/metadata?{parameter}={target.token('api')}"
    assert target.instance.client().get(address).status_code in (400, 401)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("kind", CARRIER_OF)
def test_no_signature(target: Target, kind: str, algorithm: str) -> None:
    token = with_header(target.token(kind), alg=algorithm)
    for forged in (token, token.rsplit(".", 1)[0] + ".", token.rsplit(".", 1)[0]):
        assert target.status(forged, CARRIER_OF[kind]) == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256"])
def test_another_algorithm(target: Target, algorithm: str) -> None:
    """Even with the right key: there is one algorithm."""
    digest = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(algorithm, hashlib.sha256)
    header = jwt.get_unverified_header(target.token("api")) | {"alg": algorithm}
    assert target.is_refused_everywhere(signed(header, claims_of(target.token("api")), target.ring.signing[-1].for_kind("api"), digest))


@pytest.mark.parametrize("taken_for", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_renamed_to_another_kind(target: Target, kind: str, taken_for: str) -> None:
    """With the type, the audience and all claims of the other kind, and the signature that it had, or the key that it has."""
    if kind == taken_for:
        return
    genuine, other = target.token(kind), target.token(taken_for)
    renamed = ".".join([*other.split(".")[:2], genuine.split(".")[2]])
    resigned = signed(jwt.get_unverified_header(other), claims_of(other), target.ring.signing[-1].for_kind(kind))
    only_typed = with_header(genuine, typ=f"cloudfilm-{taken_for}+jwt")
    for forged in (renamed, resigned, only_typed):
        assert target.status(forged, CARRIER_OF.get(taken_for, "bearer")) == 401


def test_an_api_token_is_no_gateways_and_the_other_way_round(target: Target) -> None:
    """Even signed by us: what the database says of the token counts."""
    for as_kind, of_kind in ((GatewayToken, "api"), (ApiToken, "gateway")):
        text = issue_token(as_kind(target.token_ids[of_kind]), target.ring, datetime.now(UTC), timedelta(minutes=5), uuid4())
        assert target.is_refused_everywhere(text)


@pytest.mark.parametrize("kind", CARRIER_OF)
def test_the_undivided_key_signs_nothing(target: Target, kind: str) -> None:
    genuine = target.token(kind)
    forged = signed(jwt.get_unverified_header(genuine), claims_of(genuine), target.ring.signing[-1].secret)
    assert target.status(forged, CARRIER_OF[kind]) == 401


@pytest.mark.parametrize(
    "key_id",
    ["../../../../dev/null", "/dev/null", "keys/hashing.key", "' UNION SELECT 'x' --", "x'; DROP TABLE account; --", "", " ", "a" * 5000, "\x00",
     "$(id)", "é", 7, None, True, ["x"], {"x": 1}],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_a_key_identifier_that_leads_elsewhere(target: Target, key_id: Any) -> None:
    genuine = target.token("api")
    for key in (b"", b"\x00", b"x"):
        forged = signed(jwt.get_unverified_header(genuine) | {"kid": key_id}, claims_of(genuine), key)
        assert target.status(forged, "bearer") == 401
    assert target.status(with_header(genuine, kid=key_id), "bearer") == 401
    assert target.instance.sql("SELECT count(*) FROM account")


@pytest.mark.parametrize("parameter", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_that_the_token_brings_along_is_not_even_fetched(target: Target, parameter: str) -> None:
    attackers = rsa.generate_private_key(65537, 2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(attackers.public_key(), as_dict=True) | {"kid": "attackers"}
    genuine = target.token("api")
    with document_server() as attacker:
        attacker.publish([public])
        brought = {"jku": f"{attacker.url}/jwks", "x5u": f"{attacker.url}/jwks", "jwk": public, "x5c": ["MIIB"]}[parameter]
        header = jwt.get_unverified_header(genuine) | {parameter: brought, "kid": "attackers"}
        forged = jwt.encode(claims_of(genuine), attackers, "RS256", headers={name: header[name] for name in ("typ", "kid", parameter)})
        assert target.is_refused_everywhere(forged)
        assert target.is_refused_everywhere(with_header(genuine, **{parameter: brought}))
        assert attacker.asked == []


@pytest.mark.parametrize("kind", CARRIER_OF)
def test_a_stretched_expiry(target: Target, kind: str) -> None:
    expired = target.token(kind, timedelta(seconds=-1))
    assert target.status(expired, CARRIER_OF[kind]) == 401
    for later in (4_102_444_800, "4102444800", None, [4_102_444_800], 1e300):
        assert target.status(with_claims(expired, exp=later), CARRIER_OF[kind]) == 401
        assert target.status(with_claims(target.token(kind), exp=later), CARRIER_OF[kind]) == 401


def test_other_studies_written_into_a_viewers_token(target: Target) -> None:
    for studies in ([target.foreign_study], [target.study, target.foreign_study], "*", [], None):
        forged = with_claims(target.token("viewer"), studies=studies)
        assert target.status(forged, "bearer", target.foreign_study) == 401
        assert target.status(forged, "bearer") == 401


def test_a_viewers_token_that_we_sign_for_more_than_the_grant_has_opens_no_more(target: Target) -> None:
    text = issue_token(
        ViewerToken(target.grant_id, frozenset({target.study, target.foreign_study})), target.ring, datetime.now(UTC), timedelta(minutes=5), uuid4()
    )  # fmt: skip
    assert target.status(text, "bearer") == 200
    assert target.status(text, "bearer", target.foreign_study) == 404


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("api", {"sub": str(UUID(int=7))}), ("api", {"scope": "query retrieve store reports"}), ("api", {"hospital": "yi"}), ("session", {"consented": True}),
        ("session", {"sub": str(UUID(int=7))}), ("staff", {"role": "administrator"}), ("staff", {"sub": str(UUID(int=7))}), ("api", {"iss": "other"}),
        ("api", {"aud": ["api", "gateway", "internal"]}),
    ],
    ids=str,
)  # fmt: skip
def test_changed_claims(target: Target, kind: str, changed: dict[str, Any]) -> None:
    assert target.status(with_claims(target.token(kind), **changed, added=1), CARRIER_OF[kind]) == 401


def test_consent_cannot_be_written_into_a_session(target: Target) -> None:
    text = issue_token(SessionToken(target.grant_id, consented=False), target.ring, datetime.now(UTC), timedelta(minutes=5), uuid4())
    assert target.status(text, "__Host-session") == 404
    assert target.status(with_claims(text, consented=True), "__Host-session") == 401


@pytest.mark.parametrize("missing", ["exp", "iat", "aud", "iss", "sub", "jti"])
def test_a_claim_that_is_missing(target: Target, missing: str) -> None:
    genuine = target.token("api")
    claims = {name: value for name, value in claims_of(genuine).items() if name != missing}
    forged = signed(jwt.get_unverified_header(genuine), claims, target.ring.signing[-1].for_kind("api"))
    assert target.is_refused_everywhere(forged)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "...", "a.b.c", "e30.e30.e30", "e30.e30.", "null.null.null", "bnVsbA.bnVsbA.", "W10.W10.x", "\xff.\xff.\xff", "{}.{}.{}", "a" * 7000,
     "eyJhbGciOiJIUzI1NiJ9" + "." * 3000],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_what_is_no_token_at_all(target: Target, text: str) -> None:
    assert target.status(text, "bearer") == 401
    assert target.status(text, "__Host-session") == 401


def test_a_second_authorization_header_or_scheme_does_not_help(target: Target) -> None:
    client, address = target.instance.client(), f"/dicom-web/studies/{target.study}/metadata"
    for value in (
        f"Basic {target.token('api')}",
        f"Token {target.token('api')}",
        target.token("api"),
        f"Bearer Bearer {target.token('api')}",
    ):
        assert client.get(address, headers={"Authorization": value}).status_code in (400, 401), "Orthanc itself refuses Basic"
