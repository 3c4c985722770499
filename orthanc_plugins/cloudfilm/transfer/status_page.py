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

from cloudfilm.errors import CloudFilmError
from cloudfilm.transfer.quarantine import Quarantine
from cloudfilm.transfer.queue import Queue
from cloudfilm.transfer.remote import Remote
from cloudfilm.transfer.status import Status
from cloudfilm.transfer.status_words import words_for

_MOST_REFUSED, _LONGEST_FORM_BYTES = 20, 4096
type StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]


class StatusPage:
    """A WSGI application: GET /gateway, GET /gateway/status.json, GET /gateway/style.css, POST /gateway/retry, POST /gateway/remote,
    GET and POST /gateway/pair.

    Parameters
    ----------
    pair
        Exchanges a pairing code at a cloud's address; a CloudFilmError says what was wrong.
    """

    def __init__(
        self,
        status: Status,
        queue: Queue,
        remote: Remote,
        quarantine: Quarantine,
        pair: Callable[[str, str], None],
        time_zone: ZoneInfo,
    ) -> None:
        self._status, self._queue, self._remote, self._quarantine = status, queue, remote, quarantine
        self._pair, self._time_zone = pair, time_zone
        environment = Environment(
            loader=PackageLoader("cloudfilm.transfer"), autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        )
        self._page, self._pairing_page = environment.get_template("status.html"), environment.get_template("pair.html")
        self._style = environment.get_template("status.css").render()

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
            self._status.arrivals.try_again()
            return _back(start_response)
        if asked == ("POST", "/gateway/remote"):
            wish = _form(environ).get("remote", "")
            if wish == "yes":
                self._remote.give()
            elif wish == "no":
                self._remote.end()
            return _back(start_response)
        if asked == ("GET", "/gateway/pair"):
            return _answer(start_response, "200 OK", "text/html", self._render_pairing(environ))
        if asked == ("POST", "/gateway/pair"):
            return self._take_code(environ, start_response)
        return _answer(start_response, "404 Not Found", "text/plain", "There is nothing at this address.\n")

    def _take_code(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """A page with the trouble, or back to the first page."""
        form = _form(environ)
        cloud, code = form.get("cloud", "").strip(), form.get("code", "").strip()
        try:
            self._pair(cloud, code)
        except CloudFilmError as error:
            return _answer(start_response, "400 Bad Request", "text/html", self._render_pairing(environ, cloud, error.public_message))
        return _back(start_response)

    def _render_pairing(self, environ: dict[str, Any], cloud: str = "", trouble: str = "") -> str:
        language = _language(environ)
        return self._pairing_page.render(
            language=language, _=words_for(language), pairing=self._status.pairing(), cloud=cloud, trouble=trouble
        )

    def _render(self, environ: dict[str, Any]) -> str:
        language = _language(environ)
        told, line = self._status.told(), self._status.line
        return self._page.render(
            language=language,
            _=words_for(language),
            told=told,
            pairing=self._status.pairing(),
            remote=self._remote.consent,
            kept_aside=self._queue.kept_aside(),
            troubles=self._status.arrivals.troubles(),
            held_since=self._moment(self._queue.forgotten_until()),
            local_conflicts=self._status.local_conflicts(),
            last_error=line.last_error,
            last_error_at=self._moment(line.last_error_at),
            is_down=line.failures > 0,
            came_in=self._queue.came_in(datetime.now(self._time_zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()),
            refused=self._quarantine.newest(_MOST_REFUSED),
            now=self._moment(datetime.now().timestamp()),
            moment=self._moment,
        )

    def _moment(self, seconds: float) -> str:
        return f"{datetime.fromtimestamp(seconds, self._time_zone):%Y-%m-%d %H:%M:%S}" if seconds else ""


def serve_status(page: StatusPage, port: int) -> tuple[threading.Thread, Server]:
    """Listen on the loopback; whoever ends the process stops the server first, whose threads would hold it otherwise."""
    server = Server(("127.0.0.1", port), page, numthreads=2, timeout=30)
    server.max_request_body_size = 4096
    server.prepare()
    thread = threading.Thread(target=server.serve, name="status", daemon=True)
    thread.start()
    return thread, server


def _language(environ: dict[str, Any]) -> str:
    chosen = parse_qs(environ.get("QUERY_STRING", "")).get("lang", [""])[0]
    accepted = environ.get("HTTP_ACCEPT_LANGUAGE", "zh")
    return chosen if chosen in ("zh-CN", "en") else ("en" if accepted.lower().startswith("en") else "zh-CN")


def _form(environ: dict[str, Any]) -> dict[str, str]:
    length = min(int(environ.get("CONTENT_LENGTH") or 0), _LONGEST_FORM_BYTES)
    return {name: values[0] for name, values in parse_qs(environ["wsgi.input"].read(length).decode("utf-8", "replace")).items()}


def _back(start_response: StartResponse) -> Iterable[bytes]:
    start_response("303 See Other", [("Location", "/gateway"), ("Content-Length", "0"), *_HEADERS])
    return []


def _answer(start_response: StartResponse, status: str, content_type: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start_response(status, [("Content-Type", f"{content_type}; charset=utf-8"), ("Content-Length", str(len(body))), *_HEADERS])
    return [body]
