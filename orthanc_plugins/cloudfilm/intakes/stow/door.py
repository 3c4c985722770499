# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door for STOW-RS: a WSGI application behind nginx, which has asked already whether the sender may store.

Each part is checked before Orthanc sees it (`cloudfilm.dicom.preflight`). What fails is listed in the answer with its FailureReason and kept aside
with the flaw in words; the rest is passed on while it arrives. Orthanc's filter decides once more, by the same credentials.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from werkzeug.http import parse_options_header

from cloudfilm.access.audit import ActorKind
from cloudfilm.dicom.native_model import to_native_model
from cloudfilm.dicom.preflight import Unsound, check
from cloudfilm.errors import BadRequest, CloudFilmError, UnsupportedMediaType
from cloudfilm.intakes.stow.answer import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, Failure, combine
from cloudfilm.intakes.stow.onward import Denied, Onward
from cloudfilm.intakes.stow.parts import Part, Parts
from cloudfilm.orthanc_api.set_aside_keeper import Sender, SetAsideKeeper

_log = logging.getLogger(__name__)
# What nginx says of the request goes on to Orthanc; Content-Length and the like are of another body.
_PASSED_ON = ("HTTP_AUTHORIZATION", "HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP",
              "HTTP_X_CLOUDFILM_DOOR", "HTTP_X_CLOUDFILM_QUERY")  # fmt: skip
_MAXIMUM_KEPT_ASIDE_BYTES = 256 * 1024 * 1024
type StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class StowDoor:
    """Takes ``POST /dicom-web/studies`` and ``POST /dicom-web/studies/{study}``.

    Parameters
    ----------
    folder : Path
        Where large instances lie while they are looked at.
    entropy : Callable
        Random bytes, for boundaries.
    """

    def __init__(self, onward: Onward, keeper: SetAsideKeeper, folder: Path, entropy: Callable[[int], bytes]) -> None:
        self._onward, self._keeper, self._folder, self._entropy = onward, keeper, folder, entropy

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            status, module = self._store(environ)
        except Denied as denied:
            return _answer(start_response, HTTPStatus(denied.code), "text/plain", b"")
        except CloudFilmError as error:
            problem = {"type": "about:blank", "title": error.status.phrase, "status": error.status.value, "detail": error.public_message}
            return _answer(start_response, error.status, "application/problem+json", json.dumps(problem).encode())
        except OSError:
            _log.exception("an instance could not be kept while it was looked at")
            return _answer(start_response, HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"No room. Please send this again later.\n")
        if "dicom+json" in environ.get("HTTP_ACCEPT", "") or environ.get("HTTP_ACCEPT", "") == "application/json":
            return _answer(start_response, status, "application/dicom+json", json.dumps(module).encode())
        return _answer(start_response, status, "application/dicom+xml", to_native_model(module))

    def _store(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        boundary = _boundary(environ.get("CONTENT_TYPE", ""))
        failures: list[Failure] = []
        hospital_id = environ.get("HTTP_X_CLOUDFILM_HOSPITAL", "")
        parts = self._sound(
            Parts(environ["wsgi.input"], boundary, self._folder), Sender(hospital_id, ActorKind.PROGRAM, "STOW-RS"), failures
        )
        headers = {name.removeprefix("HTTP_").replace("_", "-").title(): environ[name] for name in _PASSED_ON if environ.get(name)}
        first = next(parts, None)
        if first is None:
            if not failures:
                raise BadRequest("The body holds no instance.")
            return combine({}, failures)

        def all_parts() -> Iterator[Part]:
            yield first
            yield from parts

        own_boundary = "cloudfilm-" + self._entropy(16).hex()
        return combine(self._onward.store(environ["PATH_INFO"], headers, all_parts(), own_boundary), failures)

    def _sound(self, parts: Parts, sender: Sender, failures: list[Failure]) -> Iterator[Part]:
        for part in parts:
            failure = self._failure_of(part, sender)
            if failure is None:
                yield part
            else:
                failures.append(failure)
                part.close()

    def _failure_of(self, part: Part, sender: Sender) -> Failure | None:
        if part.is_too_large:
            return Failure(OUT_OF_RESOURCES)
        try:
            check(part.view())
        except Unsound as unsound:
            _log.warning("refused an instance from STOW-RS at byte %d: %s", unsound.offset, unsound)
            self._keep_aside(part, unsound, sender)
            return Failure(CANNOT_UNDERSTAND, unsound.sop_class_uid, unsound.sop_instance_uid)
        return None

    def _keep_aside(self, part: Part, unsound: Unsound, sender: Sender) -> None:
        if not sender.hospital_id or part.size > _MAXIMUM_KEPT_ASIDE_BYTES:
            return
        try:
            self._keeper.keep(bytes(part.view()), "", unsound.sop_instance_uid, unsound.flaw.value, sender)
        except Exception:
            _log.exception("could not set a refused instance aside")


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != "multipart/related":
        raise UnsupportedMediaType('Instances are stored as multipart/related; type="application/dicom".')
    if options.get("type", "application/dicom") != "application/dicom":
        raise UnsupportedMediaType("Only parts of type application/dicom are stored.")
    boundary = options.get("boundary", "")
    if not boundary or len(boundary) > 200 or not boundary.isascii():
        raise BadRequest("Content-Type names no boundary.")
    return boundary.encode()


def _answer(start_response: StartResponse, status: HTTPStatus, content_type: str, body: bytes) -> Iterable[bytes]:
    start_response(f"{status.value} {status.phrase}", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
