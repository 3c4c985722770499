# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mounts a WSGI application (PEP 3333) on Orthanc's REST callbacks.

Measured on Orthanc 1.12.7 with its Python plugin 5.0: of a repeated query parameter only the last reaches the callback, and values stay
percent-encoded; nginx therefore passes the query along in a header. Orthanc takes multipart/form-data apart itself, so nginx passes the
content type in a header of its own too. `SendHttpStatus` adds a second Content-Type after ours: nginx takes the
first. `SetCookie` is not needed: a header may be set several times. A status that Orthanc has no name for is never sent and the client waits for
ever: 429 travels as 509, which nginx turns back; 301 and 405 have calls of their own in Orthanc.

A streamed answer has no length and ends with the connection, so that a client could not tell a cut from the end: it is sent in chunks (RFC 9112
§7.1), of which only a whole answer has the last.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

QUERY_HEADER = "x-cloudfilm-query"
CONTENT_TYPE_HEADER = "x-cloudfilm-content-type"
PREFIX = "/portal"
_TRAVELS_AS = {429: 509}
_UNKNOWN_TO_ORTHANC = frozenset({103, 301, 308, 418, 421, 425, 428, 431, 451, 511})
_log = logging.getLogger(__name__)


class RestOutput(Protocol):
    """The part of ``orthanc.RestOutput`` that is used."""

    def SetHttpHeader(self, name: str, value: str, /) -> None: ...
    def AnswerBuffer(self, content: bytes, content_type: str, /) -> None: ...
    def SendHttpStatus(self, status: int, content: bytes, /) -> None: ...
    def SendHttpStatusCode(self, status: int, /) -> None: ...
    def StartStreamAnswer(self, content_type: str, /) -> None: ...
    def SendStreamChunk(self, content: bytes, /) -> None: ...
    def SendMethodNotAllowed(self, allowed: str, /) -> None: ...


def answer(application: WSGIApplication, output: RestOutput, uri: str, request: Mapping[str, Any]) -> None:
    """Run the application on one request to Orthanc and send what it answers."""
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        started[:] = [(int(status.split(" ", 1)[0]), headers)]
        return lambda _: None

    chunks: Iterable[bytes] = application(environ_of(uri, request), start_response)
    try:
        status, headers = started[0]
        if status == 200 and not any(name.lower() == "content-length" for name, _ in headers):
            # An exception ends the connection before the end of the answer: the client sees that something is missing.
            _stream(output, headers, chunks)
        else:
            _send(output, status, headers, b"".join(chunks))
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def environ_of(uri: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The WSGI environment of a request, as Orthanc describes it."""
    headers: Mapping[str, str] = request.get("headers", {})
    body: bytes = request.get("body") or b""
    host = headers.get("host", "localhost")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        # WSGI wants the path's bytes as latin-1.
        "PATH_INFO": (uri.removeprefix(PREFIX) or "/").encode("utf-8").decode("latin-1"),
        "QUERY_STRING": headers[QUERY_HEADER] if QUERY_HEADER in headers else urlencode(request.get("get", {})),
        "SERVER_NAME": host.rsplit(":", 1)[0],
        "SERVER_PORT": host.rsplit(":", 1)[1] if ":" in host else "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": headers.get("x-real-ip", request.get("ip", "")),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": headers.get("x-forwarded-proto", "https"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        if name not in ("content-type", "content-length", QUERY_HEADER, CONTENT_TYPE_HEADER):
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ["CONTENT_TYPE"] = headers.get(CONTENT_TYPE_HEADER, headers.get("content-type", ""))
    return environ


def _stream(output: RestOutput, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
    for name, value in headers:
        if name.lower() != "content-type":
            output.SetHttpHeader(name, value)
    output.SetHttpHeader("Transfer-Encoding", "chunked")
    output.StartStreamAnswer(_content_type(headers))
    for chunk in filter(None, chunks):
        output.SendStreamChunk(b"%x\r\n%b\r\n" % (len(chunk), chunk))
    output.SendStreamChunk(b"0\r\n\r\n")


def _content_type(headers: list[tuple[str, str]]) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "application/octet-stream")


def _send(output: RestOutput, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
    if status in _UNKNOWN_TO_ORTHANC:
        _log.error("the portal answered %d, which Orthanc cannot send", status)
        status, content = 500, b""
    if status == 405:
        # Orthanc has a call of its own for it, without a body; by SendHttpStatus it would never be sent (measured).
        output.SendMethodNotAllowed(next((value for name, value in headers if name.lower() == "allow"), "GET"))
        return
    status = _TRAVELS_AS.get(status, status)
    content_type = _content_type(headers)
    for name, value in headers:
        if name.lower() not in ("content-type", "content-length"):
            output.SetHttpHeader(name, value)
    if status == 200:
        output.AnswerBuffer(content, content_type)
    elif content:
        output.SetHttpHeader("Content-Type", content_type)
        output.SendHttpStatus(status, content)
    else:
        output.SendHttpStatusCode(status)
