# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an OpenID Connect provider publishes of itself: its addresses (OpenID Connect Discovery 1.0 §4) and its keys (RFC 7517)."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests

from cloudfilm.access.openid import ALGORITHMS

TIMEOUT_SECONDS = (2, 3)
_WHOLE_SECONDS = 5.0
_LARGEST = 512 * 1024
_SMALLEST_RSA_BITS = 2048


class ProviderUnusable(Exception):
    """The provider does not answer, or what it publishes cannot be used. The message is for the log."""


@dataclass(frozen=True, slots=True)
class ProviderDocuments:
    """The provider's addresses and the public keys that may be used, by identifier."""

    authorization_endpoint: str
    token_endpoint: str
    keys: Mapping[str, jwt.PyJWK]


def is_safe_address(url: str) -> bool:
    """https, or http to this machine itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.username is not None or parts.fragment or not host:
            return False
        return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Whether a host is the loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def fetch_documents(issuer: str) -> ProviderDocuments:
    """Ask the provider for both documents.

    Raises
    ------
    ProviderUnusable
        It does not answer in time, calls itself by another name, or names an address that is not https.
    """
    found = _fetch_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise ProviderUnusable("the provider calls itself by another name than OidcIssuer")
    keys = _fetch_json(_address(found, "jwks_uri")).get("keys")
    return ProviderDocuments(
        authorization_endpoint=_address(found, "authorization_endpoint"),
        token_endpoint=_address(found, "token_endpoint"),
        keys=_usable(keys if isinstance(keys, list) else []),
    )


def outgoing_session(session: requests.Session, url: str) -> requests.Session:
    """A session as we use them to the provider: the machine's proxy and CA settings hold, but not for its own loopback."""
    session.trust_env = not is_this_machine(urlsplit(url).hostname or "")
    return session


def _address(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not is_safe_address(value):
        raise ProviderUnusable(f"the provider's {name} is not an https address")
    return value


def _usable(keys: list[Any]) -> dict[str, jwt.PyJWK]:
    usable = {}
    for key in keys:
        try:
            parsed = jwt.PyJWK(key)
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
            continue  # of a kind that we do not take
        strong = parsed.key_type != "RSA" or parsed.key.key_size >= _SMALLEST_RSA_BITS
        if parsed.key_id and parsed.algorithm_name in ALGORITHMS and parsed.public_key_use in ("sig", None) and strong:
            usable[parsed.key_id] = parsed
    return usable


def _fetch_json(url: str) -> dict[str, Any]:
    """One document, not through redirects, within a bounded time and size."""
    end = time.monotonic() + _WHOLE_SECONDS
    content = b""
    try:
        with (
            outgoing_session(requests.Session(), url) as session,
            session.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status_code != requests.codes.ok:
                raise ProviderUnusable(f"the provider answered {answer.status_code}")
            for chunk in answer.iter_content(16 * 1024):
                content += chunk
                if len(content) > _LARGEST or time.monotonic() > end:
                    raise ProviderUnusable("the provider's document is too large or too slow")
        document = json.loads(content)
    except (requests.RequestException, ValueError) as error:
        raise ProviderUnusable(f"the provider's document cannot be had: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise ProviderUnusable("the provider's document is no JSON object")
    return document
