# SPDX-License-Identifier: AGPL-3.0-or-later
"""An HTTP proxy before an S3 server that fails in chosen ways and remembers the requests that it saw."""

from __future__ import annotations

import hashlib
import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Fault(Enum):
    """What happens to a request."""

    NONE = "it is passed on"
    UNAVAILABLE = "503"
    HANG = "no answer at all"
    RESET = "the connection is reset: before a PUT's answer, in the middle of a GET's"
    TRUNCATED = "200, and fewer bytes than announced"
    SHORT = "200, and a body that ends early but says so"
    WRONG_BYTES = "200, and other bytes of the same length"
    LOST = "a PUT is answered 200 and stored nowhere"
    ANSWER_LOST = "a PUT is stored, its answer never comes"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FaultyProxy:
    """``faults`` are taken one for each request, then ``fault`` holds."""

    upstream_port: int
    fault: Fault = Fault.NONE
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_fault(self) -> Fault:
        with self._lock:
            return self.faults.pop(0) if self.faults else self.fault


@contextmanager
def faulty_proxy(upstream_port: int) -> Iterator[FaultyProxy]:
    """Listens within the block."""
    proxy = FaultyProxy(upstream_port)

    class Handler(_Handler):
        shared = proxy

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.released.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    shared: FaultyProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        # As a forward proxy it is asked for whole addresses.
        self.path = re.sub("^http://[^/]*", "", self.path)
        self.shared.seen.append(Seen(self.command, self.path, headers, body))
        fault = self.shared.next_fault()
        if fault is Fault.HANG:
            self.shared.released.wait(30)
            self.close_connection = True
        elif fault is Fault.UNAVAILABLE:
            self._answer(503, {}, b"<Error><Code>SlowDown</Code></Error>")
        elif fault is Fault.RESET and self.command == "PUT":
            self._reset()
        elif fault is Fault.LOST:
            self._answer(200, {"ETag": f'"{hashlib.md5(body + b"!").hexdigest()}"'}, b"")
        else:
            self._pass_on(body, fault)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815

    def _pass_on(self, body: bytes, fault: Fault) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.shared.upstream_port, timeout=30)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        headers = {
            name: value for name, value in answer.getheaders() if name.lower() not in ("transfer-encoding", "connection", "content-length")
        }
        length = int(answer.getheader("Content-Length") or len(content)) if self.command == "HEAD" else len(content)
        if fault is Fault.ANSWER_LOST:
            self.shared.released.wait(30)
            self.close_connection = True
        elif fault is Fault.WRONG_BYTES:
            self._answer(answer.status, headers, bytes(byte ^ 1 for byte in content))
        elif fault is Fault.SHORT:
            self._answer(answer.status, headers, content[: len(content) // 2])
        elif fault in (Fault.TRUNCATED, Fault.RESET):
            self._answer(answer.status, headers, content[: len(content) // 2], announced=len(content) or 10)
            if fault is Fault.RESET:
                self._reset()
            self.close_connection = True
        else:
            self._answer(answer.status, headers, content, announced=length)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close_connection = True

    def _answer(self, status: int, headers: dict[str, str], content: bytes, announced: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content) if announced is None else announced))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        return
