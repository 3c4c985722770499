# SPDX-License-Identifier: AGPL-3.0-or-later
"""An installation whose hospital has an identity provider: a real one, in a process of its own. Programs bring its tokens, staff sign in there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.instance import Instance, wait_for
from tests.support.oidc_provider import Provider, document_server
from tests.support.samples import ct_study, study_uid

AUDIENCE, CLIENT = "cloudfilm-api", "cloudfilm-staff"
SECRET = "a-secret-of-the-tests"
ALL_SCOPES = "openid cloudfilm.query cloudfilm.retrieve profile"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    running = Provider()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def instance(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An installation of its own, with a study of 甲."""
    data = tmp_path_factory.mktemp("openid")
    (data / "keys").mkdir()
    secret = data / "keys/oidc_client_secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    running = Instance(
        data,
        environment={
            "CLOUDFILM_OIDC_ISSUER": provider.issuer,
            "CLOUDFILM_OIDC_AUDIENCE": AUDIENCE,
            "CLOUDFILM_OIDC_CLIENT_ID": CLIENT,
            "CLOUDFILM_OIDC_CLIENT_SECRET_FILE": "/var/lib/cloudfilm/keys/oidc_client_secret",
            "CLOUDFILM_OIDC_LINK_BY_LOGIN": "yes",
        },
    )
    running.start()
    for hospital_id, name, aet in (("jia", "甲医院", "CT1"), ("yi", "乙医院", "MR2")):
        running.admin("hospital", "add", hospital_id, "--name", name)
        running.admin("modality", "add", "--hospital", hospital_id, "--aet", aet, "--host", "127.0.0.1")
    paths = ct_study(tmp_path_factory.mktemp("openid-study"), "openid")
    assert running.dcmtk("storescu", *map(str, paths)).returncode == 0
    wait_for(lambda: running.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid("openid")))
    yield running
    running.stop()


@pytest.fixture
def good(provider: Provider) -> dict[str, Any]:
    """What the provider would say of a program of 甲."""
    return {"hospital": "jia", "scope": ALL_SCOPES}


def status(instance: Instance, token: str, path: str = "/dicom-web/studies") -> int:
    return instance.client(token).get(path).status_code


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_header(token: str, **changed: Any) -> str:
    """The token with another header; its signature is the old one."""
    return f"{unpadded(json.dumps(jwt.get_unverified_header(token) | changed).encode())}.{token.split('.', 1)[1]}"


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


# --- programs ---------------------------------------------------------------------------------------------------------------------------


def test_a_good_token_finds_and_opens_its_hospitals_studies(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    client = instance.client(provider.token(AUDIENCE, **good))
    found = client.get("/dicom-web/studies").json()
    assert [study["0020000D"]["Value"][0] for study in found] == [study_uid("openid")]
    assert client.get(f"/dicom-web/studies/{study_uid('openid')}/metadata").status_code == 200


# Early: what no test has used up yet is the one question a minute for a key that is not known.
def test_the_providers_new_key_is_taken_within_a_minute(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    old = provider.token(AUDIENCE, **good)
    assert status(instance, old) == 200
    provider.stop()
    provider.start()
    new = provider.token(AUDIENCE, **good)
    wait_for(lambda: status(instance, new) == 200, timeout_seconds=65, what="the new key")
    assert status(instance, old) == 401, "the provider no longer publishes the old one"


def test_a_token_of_another_hospital_finds_nothing_of_it(instance: Instance, provider: Provider) -> None:
    client = instance.client(provider.token(AUDIENCE, subject="other", hospital="yi", scope=ALL_SCOPES))
    assert client.get("/dicom-web/studies").status_code in (200, 204)
    assert study_uid("openid") not in client.get("/dicom-web/studies").text
    assert client.get(f"/dicom-web/studies/{study_uid('openid')}/metadata").status_code == 404


def test_the_scope_claim_limits_what_may_be_done(instance: Instance, provider: Provider) -> None:
    client = instance.client(
        provider.token(AUDIENCE, subject="finder", hospital="jia", scope="cloudfilm.query retrieve cloudfilm.everything")
    )
    assert client.get("/dicom-web/studies").status_code == 200
    assert client.get(f"/dicom-web/studies/{study_uid('openid')}/metadata").status_code == 404
    assert client.post("/api/v1/reports", files={"file": b"%PDF-1.4"}).status_code == 404


def test_the_audit_trail_names_the_program(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    from uuid import NAMESPACE_URL, uuid5

    assert status(instance, provider.token(AUDIENCE, subject="named", **good)) == 200
    actor = str(uuid5(NAMESPACE_URL, f"{provider.issuer}|named"))
    assert instance.sql("SELECT DISTINCT actor_kind, hospital_id, outcome FROM audit_event WHERE actor_id = %s", actor) == [
        ("program", "jia", "success")
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "somebody-else"}, {"aud": []}, {"aud": None}, {"iss": "http://localhost:1"}, {"iss": None}, {"exp": 1_000_000_000},
        {"exp": "never"}, {"exp": None}, {"nbf": 32_000_000_000}, {"hospital": "bing"}, {"hospital": ["jia"]}, {"hospital": None},
        {"hospital": "jia\x00"}, {"hospital": "jia' OR '1'='1"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_the_provider_signed_but_not_for_this_is_refused(
    instance: Instance, provider: Provider, good: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert status(instance, provider.token(AUDIENCE, subject="refused", **(good | changed))) == 401


def test_an_id_token_of_our_own_sign_in_is_no_access_token(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    assert status(instance, provider.token(CLIENT, **good)) == 401


def test_a_token_for_another_service_of_the_provider_is_refused(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    assert status(instance, provider.token("another-service", **good)) == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_a_signature_is_refused(instance: Instance, provider: Provider, good: dict[str, Any], algorithm: str) -> None:
    token = with_header(provider.token(AUDIENCE, **good), alg=algorithm)
    assert status(instance, token) == 401
    assert status(instance, token.rsplit(".", 1)[0] + ".") == 401


@pytest.mark.parametrize("form", ["PEM", "PKCS1", "DER", "JWK"])
def test_the_public_key_does_not_serve_as_a_secret(instance: Instance, provider: Provider, good: dict[str, Any], form: str) -> None:
    token, published = provider.token(AUDIENCE, **good), provider.keys()[0]
    public = jwt.PyJWK(published).key
    secret = {
        "PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "PKCS1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(published).encode(),
    }[form]
    content = with_header(token, alg="HS256").rsplit(".", 1)[0]
    forged = f"{content}.{unpadded(hmac.digest(secret, content.encode(), hashlib.sha256))}"
    assert status(instance, forged) == 401


@pytest.mark.parametrize("parameter", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_that_the_token_brings_along_is_not_even_fetched(
    instance: Instance, provider: Provider, good: dict[str, Any], parameter: str
) -> None:
    attackers = rsa.generate_private_key(65537, 2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(attackers.public_key(), as_dict=True)
    genuine = provider.token(AUDIENCE, **good)
    with document_server() as attacker:
        for key_id in ("attackers", provider.keys()[0]["kid"]):
            attacker.publish([public | {"kid": key_id}])
            brought = {"jku": f"{attacker.url}/jwks", "x5u": f"{attacker.url}/jwks", "jwk": public | {"kid": key_id}, "x5c": ["MIIB"]}[
                parameter
            ]
            forged = jwt.encode(claims_of(genuine), attackers, "RS256", headers={"kid": key_id, "typ": "JWT", parameter: brought})
            assert status(instance, forged) == 401
            assert status(instance, with_header(genuine, **{parameter: brought})) == 401
        assert attacker.asked == []


@pytest.mark.parametrize(
    "key_id",
    ["../../../../dev/null", "/dev/null", "' UNION SELECT 'x' --", "x'; DROP TABLE account; --", "", "a" * 300, "\x00", "$(id)", 7, None,
     ["x"], {"x": 1}],
    ids=repr,
)  # fmt: skip
def test_a_key_identifier_opens_nothing(instance: Instance, provider: Provider, good: dict[str, Any], key_id: Any) -> None:
    claims = claims_of(provider.token(AUDIENCE, **good))
    for secret in (b"", b"\x00"):
        content = f"{unpadded(json.dumps({'alg': 'HS256', 'typ': 'JWT', 'kid': key_id}).encode())}.{unpadded(json.dumps(claims).encode())}"
        assert status(instance, f"{content}.{unpadded(hmac.digest(secret, content.encode(), hashlib.sha256))}") == 401
    assert status(instance, with_header(provider.token(AUDIENCE, **good), kid=key_id)) == 401
    assert instance.sql("SELECT count(*) FROM account")


def test_changed_claims_and_a_foreign_signature_are_refused(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    header, _, signature = provider.token(AUDIENCE, **good).split(".")
    claims = claims_of(provider.token(AUDIENCE, **good)) | {"hospital": "yi"}
    assert status(instance, f"{header}.{unpadded(json.dumps(claims).encode())}.{signature}") == 401
    foreign = rsa.generate_private_key(65537, 2048)
    assert status(instance, jwt.encode(claims, foreign, "RS256", headers={"kid": provider.keys()[0]["kid"]})) == 401


@pytest.mark.parametrize("type_", ["cloudfilm-api+jwt", "cloudfilm-internal+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt"])
def test_another_type_of_token_is_refused(instance: Instance, provider: Provider, good: dict[str, Any], type_: str) -> None:
    assert status(instance, with_header(provider.token(AUDIENCE, **good), typ=type_)) == 401


def test_the_providers_token_is_worth_nothing_as_a_cookie(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    token = provider.token(AUDIENCE, **good)
    for cookie in ("__Host-session", "__Host-staff"):
        assert instance.client().get("/dicom-web/studies", headers={"Cookie": f"{cookie}={token}"}).status_code == 401


# --- staff ------------------------------------------------------------------------------------------------------------------------------


def add_account(instance: Instance, login: str, subject: str | None, role: str = "doctor", disabled: bool = False) -> str:
    account_id = str(uuid4())
    instance.sql(
        "INSERT INTO account (account_id, hospital_id, login, full_name, role, oidc_subject, created_at, disabled_at)"
        " VALUES (%s, 'jia', %s, '李医生', %s, %s, now(), CASE WHEN %s THEN now() END)",
        account_id, login, role, subject, disabled,
    )  # fmt: skip
    return account_id


def begin(client: requests.Session) -> str:
    """Begin a sign-in; where the browser is sent."""
    answer = client.get("/staff/oidc/start")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def back(provider: Provider, address: str, subject: str) -> str:
    """Sign in at the provider; the path that the browser comes back to."""
    parts = urlsplit(provider.authorise(address, subject))
    return f"{parts.path}?{parts.query}"


def changed_query(address: str, **changed: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode({name: values[0] for name, values in parse_qs(parts.query).items()} | changed)))


def sign_ins(instance: Instance, outcome: str) -> int:
    return int(instance.sql("SELECT count(*) FROM audit_event WHERE kind = 'signed in' AND outcome = %s", outcome)[0][0])


def forget_failures(instance: Instance) -> None:
    instance.sql("DELETE FROM wrong_try WHERE subject LIKE 'oidc:%%'")


def test_a_doctor_signs_in_at_the_provider(instance: Instance, provider: Provider) -> None:
    account_id = add_account(instance, "doctor.li", f"{provider.issuer}|li-77")
    client = instance.client()
    address = begin(client)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider.issuer}/oauth2/authorize?")
    assert asked["redirect_uri"] == f"{instance.url}/staff/oidc/callback"
    assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
    assert len(asked["state"]) == len(asked["nonce"]) == len(asked["code_challenge"]) == 43
    answer = client.get(back(provider, address, "li-77"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/")
    cookies = answer.headers["Set-Cookie"]
    assert "__Host-staff=" in cookies
    assert "HttpOnly" in cookies
    found = client.get("/dicom-web/studies")
    assert found.status_code == 200
    assert study_uid("openid") in found.text
    assert instance.sql("SELECT actor_id, hospital_id FROM audit_event WHERE kind = 'signed in' ORDER BY sequence DESC LIMIT 1") == [
        (account_id, "jia")
    ]


def test_the_way_to_the_provider_is_kept_in_a_cookie_of_ten_minutes(instance: Instance) -> None:
    cookie = instance.client().get("/staff/oidc/start").headers["Set-Cookie"]
    assert cookie.startswith("__Host-oidc=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"):
        assert attribute in cookie


def test_an_answer_works_once(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    add_account(instance, "doctor.once", f"{provider.issuer}|once")
    client = instance.client()
    address = begin(client)
    kept = dict(client.cookies)
    answer = back(provider, address, "once")
    assert client.get(answer).status_code == 303
    denied = sign_ins(instance, "denied")
    replay = instance.client()
    replay.cookies.update(kept)
    assert replay.get(answer).status_code == 400, "the same answer, with the cookie kept"
    # A fresh code does not make the old state good again.
    replay.cookies.update(kept)
    assert replay.get(back(provider, address, "once")).status_code == 400
    assert "__Host-staff" not in replay.cookies
    assert sign_ins(instance, "denied") == denied + 2


def test_an_answer_is_worth_nothing_in_another_browser(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    add_account(instance, "doctor.victim", f"{provider.issuer}|victim")
    attackers, victims = instance.client(), instance.client()
    begin(victims)
    answer = back(provider, begin(attackers), "victim")
    for client in (instance.client(), victims):
        assert client.get(answer).status_code == 400
        assert "__Host-staff" not in client.cookies


def test_a_state_that_we_did_not_give_is_refused(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    for state in ("", "x", "' OR 1=1 --", "é"):
        client = instance.client()
        answer = back(provider, begin(client), "li-77")
        assert client.get(changed_query(answer, state=state)).status_code == 400, state


def test_an_id_token_with_another_nonce_is_refused(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    client = instance.client()
    assert client.get(back(provider, changed_query(begin(client), nonce="another"), "li-77")).status_code == 400
    client = instance.client()
    assert client.get(back(provider, changed_query(begin(client), nonce=""), "li-77")).status_code == 400
    assert "__Host-staff" not in client.cookies


def test_a_code_that_was_asked_for_by_another_client_is_refused(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    client = instance.client()
    assert client.get(back(provider, changed_query(begin(client), client_id="another"), "li-77")).status_code == 400


@pytest.mark.parametrize("code", ["", "guessed", "x" * 5000])
def test_a_code_that_the_provider_did_not_give_is_refused(instance: Instance, provider: Provider, code: str) -> None:
    forget_failures(instance)
    client = instance.client()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    assert client.get("/staff/oidc/callback?" + urlencode({"state": state, "code": code})).status_code == 400


def test_whoever_changes_their_mind_at_the_provider_gets_a_page(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    client = instance.client()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    answer = client.get("/staff/oidc/callback?" + urlencode({"state": state, "error": "access_denied", "lang": "en"}))
    assert (answer.status_code, "cancelled" in answer.text) == (400, True)


def test_somebody_without_an_account_gets_a_page_and_no_account(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    before, denied = instance.sql("SELECT count(*) FROM account"), sign_ins(instance, "denied")
    client = instance.client()
    answer = client.get(back(provider, begin(client), "stranger"))
    assert answer.status_code == 401
    assert f"{provider.issuer}|stranger" in answer.text
    assert "__Host-staff" not in client.cookies
    assert instance.sql("SELECT count(*) FROM account") == before
    assert sign_ins(instance, "denied") == denied + 1


def test_a_disabled_account_is_unknown(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    add_account(instance, "doctor.gone", f"{provider.issuer}|gone", disabled=True)
    client = instance.client()
    assert client.get(back(provider, begin(client), "gone")).status_code == 401


def test_an_account_is_linked_by_its_login_once(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    add_account(instance, "doctor.wang", None)
    provider.set_user("wang-1", preferred_username="doctor.wang")
    provider.set_user("impostor", preferred_username="doctor.wang")
    client = instance.client()
    assert client.get(back(provider, begin(client), "wang-1")).status_code == 303
    assert instance.sql("SELECT oidc_subject FROM account WHERE login = 'doctor.wang'") == [(f"{provider.issuer}|wang-1",)]
    other = instance.client()
    assert other.get(back(provider, begin(other), "impostor")).status_code == 401
    again = instance.client()
    assert again.get(back(provider, begin(again), "wang-1")).status_code == 303


def test_an_administrator_links_and_unlinks_an_account(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    add_account(instance, "doctor.zhao", None)
    add_account(instance, "doctor.qian", None)
    assert instance.admin("oidc", "link", "doctor.zhao", "zhao-5")["oidc_subject"] == f"{provider.issuer}|zhao-5"
    refused = instance.admin("oidc", "link", "doctor.qian", "zhao-5", check=False)
    assert (refused.returncode, "doctor.zhao" in refused.stderr) == (1, True)
    assert instance.admin("oidc", "link", "nobody", "x", check=False).returncode == 1
    client = instance.client()
    assert client.get(back(provider, begin(client), "zhao-5")).status_code == 303
    instance.admin("oidc", "unlink", "doctor.zhao")
    client = instance.client()
    assert client.get(back(provider, begin(client), "zhao-5")).status_code == 401


def test_failing_over_and_over_is_stopped(instance: Instance) -> None:
    forget_failures(instance)
    client = instance.client()
    answers = [client.get("/staff/oidc/callback?state=x&code=y").status_code for _ in range(31)]
    assert answers == [400] * 30 + [429]
    forget_failures(instance)


def test_neither_code_nor_state_is_in_a_log(instance: Instance, provider: Provider) -> None:
    forget_failures(instance)
    client = instance.client()
    answer = back(provider, begin(client), "stranger")
    client.get(answer)
    query = parse_qs(urlsplit(answer).query)
    logs = "".join(path.read_text(errors="replace") for path in (instance.data / "log").glob("*.log"))
    assert "/staff/oidc/callback" in logs
    assert query["code"][0] not in logs
    assert query["state"][0] not in logs
    assert SECRET not in logs


# --- the provider fails: last, since it stays down ----------------------------------------------------------------------------------------


def test_an_outage_opens_nothing_and_blocks_nobody(instance: Instance, provider: Provider, good: dict[str, Any]) -> None:
    known, ours = provider.token(AUDIENCE, **good), instance.token("jia", "query")
    assert status(instance, known) == 200
    provider.stop()
    assert status(instance, known) == 200, "its keys are known"
    assert status(instance, with_header(known, kid="unknown")) == 401
    began = time.monotonic()
    for number in range(20):
        assert status(instance, with_header(known, kid=f"unknown-{number}")) == 401
        assert status(instance, ours) == 200
    assert time.monotonic() - began < 10
    client = instance.client()
    answer = client.get("/staff/oidc/start")
    assert answer.status_code == 303, "its addresses are known too"
    state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    assert client.get(f"/staff/oidc/callback?state={state}&code=x").status_code == 503
