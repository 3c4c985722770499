# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gateway's own page on the loopback: what came in, what waits, the line, the disk, the last trouble in words. Chinese and English."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from cheroot.wsgi import Server
from jinja2 import Environment, PackageLoader

from cloudfilm.transfer.queue import Queue
from cloudfilm.transfer.status import Status
from cloudfilm.transfer.status_words import words_for

type StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]


class StatusPage:
    """A WSGI application: GET /gateway, GET /gateway/status.json, GET /gateway/style.css, POST /gateway/retry."""

    def __init__(self, status: Status, queue: Queue, time_zone: ZoneInfo) -> None:
        self._status, self._queue, self._time_zone = status, queue, time_zone
        environment = Environment(
            loader=PackageLoader("cloudfilm.transfer"), autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        )
        self._page, self._style = environment.get_template("status.html"), environment.get_template("status.css").render()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        asked = (environ["REQUEST_METHOD"], environ.get("PATH_INFO", "").rstrip("/"))
        # A page of another site that a browser on this machine has open must not read or press anything here (DNS rebinding, CSRF).
        if environ.get("HTTP_HOST", "").rsplit(":", 1)[0] not in ("localhost", "127.0.0.1") or (
            asked[0] == "POST" and environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("same-origin", "none")
        ):
            return _answer(start_response, "403 Forbidden", "text/plain", "Only from this machine.\n")
        if asked == ("GET", "/gateway") or asked == ("GET", ""):
            return _answer(start_response, "200 OK", "text/html", self._render(environ))
        if asked == ("GET", "/gateway/status.json"):
            return _answer(start_response, "200 OK", "application/json", json.dumps(self._status.told()))
        if asked == ("GET", "/gateway/style.css"):
            return _answer(start_response, "200 OK", "text/css", self._style)
        if asked == ("POST", "/gateway/retry"):
            self._queue.try_again()
            start_response("303 See Other", [("Location", "/gateway"), ("Content-Length", "0"), *_HEADERS])
            return []
        return _answer(start_response, "404 Not Found", "text/plain", "There is nothing at this address.\n")

    def _render(self, environ: dict[str, Any]) -> str:
        chosen = parse_qs(environ.get("QUERY_STRING", "")).get("lang", [""])[0]
        accepted = environ.get("HTTP_ACCEPT_LANGUAGE", "zh")
        language = chosen if chosen in ("zh-CN", "en") else ("en" if accepted.lower().startswith("en") else "zh-CN")
        told, line = self._status.told(), self._status.line
        return self._page.render(
            language=language,
            _=words_for(language),
            told=told,
            pairing=self._status.pairing(),
            kept_aside=self._queue.kept_aside(),
            held_since=self._moment(self._queue.forgotten_until()),
            local_conflicts=self._status.local_conflicts(),
            last_error=line.last_error,
            last_error_at=self._moment(line.last_error_at),
            is_down=line.failures > 0,
            now=self._moment(datetime.now().timestamp()),
            moment=self._moment,
        )

    def _moment(self, seconds: float) -> str:
        return f"{datetime.fromtimestamp(seconds, self._time_zone):%Y-%m-%d %H:%M:%S}" if seconds else ""


def serve_status(status: Status, queue: Queue, port: int, time_zone: ZoneInfo) -> tuple[threading.Thread, Server]:
    """Listen on the loopback; whoever ends the process stops the server first, whose threads would hold it otherwise."""
    server = Server(("127.0.0.1", port), StatusPage(status, queue, time_zone), numthreads=2, timeout=30)
    server.max_request_body_size = 4096
    server.prepare()
    thread = threading.Thread(target=server.serve, name="status", daemon=True)
    thread.start()
    return thread, server


def _answer(start_response: StartResponse, status: str, content_type: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start_response(status, [("Content-Type", f"{content_type}; charset=utf-8"), ("Content-Length", str(len(body))), *_HEADERS])
    return [body]
