# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing staff in at the hospital's identity provider: the authorisation code flow (OpenID Connect Core §3.1) with PKCE (RFC 7636)."""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from cloudfilm.access.openid import OpenIdToken
from cloudfilm.access.token import OidcToken
from cloudfilm.doors.openid_documents import TIMEOUT_SECONDS, ProviderDocuments, outgoing_session
from cloudfilm.doors.openid_memory import OpenIdMemory
from cloudfilm.doors.openid_provider import OpenIdProvider
from cloudfilm.errors import SettingInvalid, Unavailable

CALLBACK = "/staff/oidc/callback"
_log = logging.getLogger(__name__)


class StaffSignIn:
    """Sends a browser to the provider, and takes what it comes back with.

    Parameters
    ----------
    client_secret : str or None
        None for a client that has none: PKCE protects the code all the same.
    """

    def __init__(self, memory: OpenIdMemory, provider: OpenIdProvider, client_id: str, client_secret: str | None, public_url: str) -> None:
        self._memory, self._provider = memory, provider
        self._client_id, self._client_secret, self._redirect_uri = client_id, client_secret, public_url + CALLBACK

    def address(self, pending: OidcToken) -> str:
        """Where to send the browser.

        Raises
        ------
        Unavailable
            The provider does not answer.
        """
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._documents().authorization_endpoint, state=pending.state, nonce=pending.nonce, code_verifier=pending.code_verifier
            )
        return str(url)

    def finish(self, code: str, pending: OidcToken, now: datetime) -> OpenIdToken | None:
        """Exchange the code for an ID token and verify it; None when the provider refuses the code or the ID token is not what was asked for.

        Raises
        ------
        Unavailable
            The provider does not answer.
        """
        endpoint = self._documents().token_endpoint
        try:
            with self._session() as session:
                outgoing_session(session, endpoint)
                answer = session.fetch_token(
                    endpoint, grant_type="authorization_code", code=code, code_verifier=pending.code_verifier, allow_redirects=False
                )
        except AuthlibBaseError as error:
            _log.warning("OpenID Connect: the provider refused a code (%s)", type(error).__name__)
            return None
        except (requests.RequestException, ValueError) as error:
            _log.warning("OpenID Connect: the token endpoint does not answer (%s)", type(error).__name__)
            raise Unavailable("The identity provider does not answer. Please try again in a moment.") from error
        id_token = answer.get("id_token")
        return self._provider.signed_in(id_token, self._client_id, pending.nonce, now) if isinstance(id_token, str) else None

    def _documents(self) -> ProviderDocuments:
        documents = self._memory.documents()
        if documents is None:
            raise Unavailable("The identity provider does not answer. Please try again in a moment.")
        return documents

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self._client_id,
            self._client_secret,
            redirect_uri=self._redirect_uri,
            scope="openid profile",
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )


def read_client_secret(path: Path | None) -> str | None:
    """The client's secret from its file, None when no file is named.

    Raises
    ------
    SettingInvalid
        The file cannot be read, is empty, or others than its owner may read it.
    """
    if path is None:
        return None
    allowed = "a file of mode 0600 that holds the client's secret and belongs to the user whom Orthanc runs as"
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read(4096).strip()
    except (OSError, ValueError) as error:
        raise SettingInvalid("OidcClientSecretFile", str(path), allowed) from error
    if mode & 0o077 or not secret:
        raise SettingInvalid("OidcClientSecretFile", str(path), allowed)
    return secret
