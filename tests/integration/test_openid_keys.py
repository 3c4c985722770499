# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a provider publishes, fetched over HTTP from a server of the tests' own: ES256, keys that are not taken, documents that are not believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cloudfilm.access.holder import Scope
from cloudfilm.access.openid import LEEWAY
from cloudfilm.db.database import Database
from cloudfilm.doors.openid_documents import ProviderUnusable, fetch_documents, is_safe_address
from cloudfilm.doors.openid_memory import OpenIdMemory
from cloudfilm.doors.openid_provider import OpenIdProvider
from tests.support.instance import Instance
from tests.support.oidc_provider import DocumentServer, document_server

NOW = datetime(2026, 5, 11, 9, 42, tzinfo=UTC)
P256, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)


def public(key: Any, key_id: str = "k", **more: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, **more}


@pytest.fixture
def server() -> Iterator[DocumentServer]:
    with document_server() as running:
        running.publish([public(P256), public(RSA, "r")])
        yield running


@pytest.fixture
def provider(instance: Instance, server: DocumentServer) -> Iterator[OpenIdProvider]:
    database = Database(f"postgresql:///cloudfilm?host={instance.data}/run/postgresql&user=cloudfilm")
    yield OpenIdProvider(OpenIdMemory(server.url), "api", "hospital", database)
    database.close()


def token(
    server: DocumentServer, key: Any = P256, algorithm: str = "ES256", key_id: str = "k", typ: str | None = "at+jwt", **claims: Any
) -> str:
    usual = {"iss": server.url, "aud": "api", "sub": "p", "exp": NOW + timedelta(minutes=5), "hospital": "jia", "scope": "cloudfilm.query"}
    return jwt.encode({**usual, **claims}, key, algorithm, headers={"kid": key_id, "typ": typ})


@pytest.mark.parametrize(("key", "algorithm", "key_id"), [(P256, "ES256", "k"), (RSA, "RS256", "r")], ids=["ES256", "RS256"])
@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "JWT"])
def test_both_algorithms_are_taken(
    provider: OpenIdProvider, server: DocumentServer, key: Any, algorithm: str, key_id: str, typ: str
) -> None:
    holder = provider.api_holder(token(server, key, algorithm, key_id, typ), NOW)
    assert holder is not None
    assert (holder.hospital_id, holder.scopes, holder.is_gateway) == ("jia", {Scope.QUERY}, False)


@pytest.mark.parametrize(
    ("key", "algorithm", "key_id"),
    [(RSA, "PS256", "r"), (RSA, "RS384", "r"), (RSA, "RS512", "r"), (RSA, "RS256", "k"), (P256, "ES256", "r")],
)
def test_no_other_algorithm_is_taken_and_no_key_for_another_one(
    provider: OpenIdProvider, server: DocumentServer, key: Any, algorithm: str, key_id: str
) -> None:
    assert provider.api_holder(token(server, key, algorithm, key_id), NOW) is None


@pytest.mark.parametrize(
    "published",
    [
        public(P256, use="enc"), public(RSA, alg="PS256"), public(rsa.generate_private_key(65537, 1024)), public(ec.generate_private_key(ec.SECP384R1())),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "k", "alg": "RS256"}, {"kid": "k"}, {}, "k", None,
        {**public(P256), "kid": None}, {**public(P256), "crv": "P-999"}, {**public(P256), "x": "AA"},
    ],
    ids=["for encryption", "for PS256", "1024 bits", "P-384", "symmetric", "symmetric as RS256", "no kind", "empty", "text", "null",
         "no key id", "no such curve", "no point"],
)  # fmt: skip
def test_keys_that_are_weak_or_for_something_else_are_not_taken(server: DocumentServer, published: Any) -> None:
    server.publish([published, public(RSA, "good")])
    assert list(fetch_documents(server.url).keys) == ["good"]


@pytest.mark.parametrize("typ", [None, "", "cloudfilm-api+jwt", "logout+jwt", "dpop+jwt"])
def test_an_access_token_says_that_it_is_one(provider: OpenIdProvider, server: DocumentServer, typ: str | None) -> None:
    assert provider.api_holder(token(server, typ=typ), NOW) is None


@pytest.mark.parametrize(
    "claims",
    [{"sub": ""}, {"sub": 7}, {"sub": "a" * 256}, {"sub": "a\x00"}, {"exp": float("inf")}, {"exp": "x"}, {"scope": 7, "hospital": 7}],
    ids=str,
)
def test_claims_that_make_no_sense_are_refused(provider: OpenIdProvider, server: DocumentServer, claims: dict[str, Any]) -> None:
    assert provider.api_holder(token(server, **claims), NOW) is None


@pytest.mark.parametrize("critical", [["exp"], ["b64"], []])
def test_critical_extensions_are_not_known(provider: OpenIdProvider, server: DocumentServer, critical: list[str]) -> None:
    claims = jwt.decode(token(server), options={"verify_signature": False})
    text = jwt.encode(claims, P256, "ES256", headers={"kid": "k", "typ": "at+jwt", "crit": critical})
    assert provider.api_holder(text, NOW) is None


def test_times_have_half_a_minute_of_leeway(provider: OpenIdProvider, server: DocumentServer) -> None:
    text = token(server, exp=NOW, nbf=NOW)
    assert provider.api_holder(text, NOW - LEEWAY) is not None
    assert provider.api_holder(text, NOW - LEEWAY - timedelta(seconds=1)) is None
    assert provider.api_holder(text, NOW + LEEWAY - timedelta(seconds=1)) is not None
    assert provider.api_holder(text, NOW + LEEWAY) is None


@pytest.mark.parametrize(
    ("claims", "passes"),
    [
        ({}, True), ({"azp": "staff"}, True), ({"azp": "api"}, False), ({"aud": ["staff", "api"], "azp": "staff"}, True),
        ({"aud": ["staff", "api"]}, False), ({"aud": "api"}, False), ({"nonce": "other"}, False), ({"nonce": None}, False),
    ],
    ids=str,
)  # fmt: skip
def test_an_id_token_is_for_our_client_and_our_question(
    provider: OpenIdProvider, server: DocumentServer, claims: dict[str, Any], passes: bool
) -> None:
    text = token(server, typ="JWT", **({"aud": "staff", "nonce": "n"} | claims))
    assert (provider.signed_in(text, "staff", "n", NOW) is not None) == passes
    assert provider.signed_in(text, "staff", "", NOW) is None


def test_an_access_token_is_no_id_token(provider: OpenIdProvider, server: DocumentServer) -> None:
    assert provider.signed_in(token(server, typ="at+jwt", aud="staff", nonce="n"), "staff", "n", NOW) is None


@pytest.mark.parametrize(
    "changed",
    [{"issuer": "https://another.invalid"}, {"issuer": None}, {"jwks_uri": "http://provider.invalid/jwks"}, {"jwks_uri": "file:///etc/passwd"},
     {"jwks_uri": None}, {"token_endpoint": "ftp://provider.invalid/"}, {"authorization_endpoint": "javascript:alert(1)"}],
    ids=str,
)  # fmt: skip
def test_documents_that_are_not_believed(server: DocumentServer, changed: dict[str, Any]) -> None:
    server.publish([public(P256)], **changed)
    with pytest.raises(ProviderUnusable):
        fetch_documents(server.url)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b" " * 600_000])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks"])
def test_documents_that_are_no_documents(server: DocumentServer, content: bytes, path: str) -> None:
    server.documents[path] = content
    with pytest.raises(ProviderUnusable):
        fetch_documents(server.url)


@pytest.mark.parametrize(
    ("address", "safe"),
    [("https://id.hospital.cn/realms/x", True), ("http://localhost:9000", True), ("http://127.0.0.1", True), ("http://[::1]:8", True),
     ("http://id.hospital.cn", False), ("http://localhost.evil.cn", False), ("http://127.0.0.1.evil.cn", False), ("https://user@id.cn", False),
     ("//id.cn", False), ("https://", False), ("http://[", False), ("", False)],
)  # fmt: skip
def test_only_https_is_safe_or_this_machine_itself(address: str, safe: bool) -> None:
    assert is_safe_address(address) is safe
