# SPDX-License-Identifier: AGPL-3.0-or-later
"""An HTTP client that asks thousands of times: one open connection for each thread, nothing followed, nothing remembered."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case, the last one of several, but all cookies."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    content: bytes


class Door:
    """One address, spoken to from many threads.

    Parameters
    ----------
    url : str
        ``https://…`` of nginx, or ``http://…`` of Orthanc behind it.
    certificate : Path or None
        What nginx must show.
    """

    def __init__(self, url: str, certificate: Path | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._context = ssl.create_default_context(cafile=certificate) if certificate else None
        self._own = threading.local()

    def ask(self, method: str, address: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
        """Ask once; over a new connection if the old one was closed meanwhile."""
        for connection in (getattr(self._own, "connection", None), None):
            try:
                return self._ask_over(connection or self._connect(), method, address, headers or {}, body)
            except (ConnectionError, http.client.HTTPException):
                self._own.connection = None
                if connection is None:
                    raise
        raise AssertionError("unreachable")

    def _connect(self) -> http.client.HTTPConnection:
        if self._context is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=20, context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=20)

    def _ask_over(
        self, connection: http.client.HTTPConnection, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        connection.request(method, address, body, dict(headers))
        response = connection.getresponse()
        headers_back = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, headers_back, tuple(response.headers.get_all("Set-Cookie", [])), response.read())
        self._own.connection = connection
        return answer
