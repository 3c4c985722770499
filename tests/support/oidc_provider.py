# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real OpenID Connect provider (oidc-provider-mock, a process of its own), and a small server that tells who asked it for keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.support.instance import free_ports, wait_for


@dataclass
class Provider:
    """One provider on one loopback port; each start makes it new keys.

    A user's claims are put into its ID tokens last, so a token can be had that says anything, signed with the provider's true key.
    """

    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port), "--host", "localhost"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
        )
        wait_for(self._answers, what="the provider")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def set_user(self, subject: str, **claims: Any) -> None:
        """What the provider says of somebody."""
        assert _direct().put(f"{self.issuer}/users/{subject}", json=claims, timeout=10).status_code == 204

    def keys(self) -> list[dict[str, Any]]:
        """The published keys."""
        found: list[dict[str, Any]] = _direct().get(f"{self.issuer}/jwks", timeout=10).json()["keys"]
        return found

    def authorise(self, address: str, subject: str) -> str:
        """Sign in at the address that a browser was sent to; the address that it is sent back to."""
        answer = _direct().post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def token(self, audience: str, subject: str = "program", **claims: Any) -> str:
        """A token for an audience, with these claims beside or instead of the usual ones."""
        self.set_user(subject, **claims)
        redirect_uri = "https://program.invalid/"
        asked = {
            "client_id": audience,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": "openid profile",
            "nonce": os.urandom(8).hex(),
        }
        back = self.authorise(str(requests.Request("GET", f"{self.issuer}/oauth2/authorize", params=asked).prepare().url), subject)
        code = parse_qs(urlsplit(back).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "client_id": audience, "redirect_uri": redirect_uri}
        answer = _direct().post(f"{self.issuer}/oauth2/token", data=form, timeout=10)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id_token"])

    def _answers(self) -> bool:
        try:
            return _direct().get(f"{self.issuer}/jwks", timeout=1).ok
        except requests.RequestException:
            return False


@dataclass
class DocumentServer:
    """Serves JSON documents by path and remembers what it was asked for."""

    port: int
    documents: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, keys: list[Mapping[str, Any]], **changed: Any) -> None:
        """Be a provider with these keys."""
        self.documents["/.well-known/openid-configuration"] = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            **changed,
        }
        self.documents["/jwks"] = {"keys": keys}


@contextmanager
def document_server() -> Iterator[DocumentServer]:
    """A server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            document = served.documents.get(self.path)
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(200 if document is not None else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = DocumentServer(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def _direct() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
