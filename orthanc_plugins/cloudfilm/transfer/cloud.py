# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cloud as the gateway knows it: STOW-RS, receipts, heartbeat. Only outwards, by HTTPS, TLS verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from cloudfilm.transfer.pairing import Pairing
from cloudfilm.transfer.speed import Speed

_TIMEOUT_SECONDS = (10, 120)
_PORTION_BYTES = 64 * 1024
_UNDERSTOOD = (200, 202, 409)
_REASONS = {
    0xA700: "the cloud has no room",
    0xC000: "the cloud cannot understand this file",
    0x0110: "the cloud could not take this file",
    0x0124: "the cloud does not allow this",
}
# A processing failure is all that Orthanc says, of a full disk, an object store that is away, and of a file that it will never take.
_MAY_PASS = (0xA700, 0x0110)


class LineFailure(Exception):
    """No verdict: the line was cut, or the cloud was not able to answer. In words for people."""


class NotTrusted(LineFailure):
    """The cloud does not take our token (any more)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """SHA-256 of what the cloud has stored of an instance, of what it keeps aside for people, and of what they decided against.

    ``refused`` is why it has refused the instance for good, empty where it has not.
    """

    stored: frozenset[str] = frozenset()
    set_aside: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instance by its UIDs."""

    study_instance_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the cloud did not take an instance. ``may_pass``: it may be the cloud's own trouble of the moment."""

    reason: str
    may_pass: bool


class Cloud:
    """One session, so one connection; each thread has its own."""

    def __init__(self, pairing: Callable[[], Pairing], ca_file: str, proxy: str, speed: Speed) -> None:
        self._pairing, self._speed = pairing, speed
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.proxies = {"https": proxy} if proxy else {}

    def store(self, files: Sequence[bytes]) -> dict[str, Refusal]:
        """STOW-RS (PS3.18 §10.5): a refusal for each SOPInstanceUID that the cloud says it did not take. What it did take, a receipt tells."""
        boundary = f"cloudfilm-{uuid4().hex}"
        headers = {"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}', "Accept": "application/dicom+json"}
        size = sum(len(file) + len(_head(boundary)) + 2 for file in files) + len(_tail(boundary))
        answer = self._ask("/dicom-web/studies", _Body(self._portions(files, boundary), size), headers)
        if answer.status_code not in _UNDERSTOOD and answer.status_code != requests.codes.bad_request:
            raise LineFailure(f"The cloud answered {answer.status_code} to a store.")
        try:
            failed = answer.json().get("00081198", {}).get("Value", [])
            return {_value(item, "00081155"): _refusal(_value(item, "00081197")) for item in failed}
        except (ValueError, AttributeError):
            return {}

    def receipts(self, wanted: Sequence[Wanted]) -> dict[Wanted, Receipt]:
        """What the cloud has of each."""
        body = {"instances": [{"study_instance_uid": one.study_instance_uid, "sop_instance_uid": one.sop_instance_uid} for one in wanted]}
        answer = self._ask("/api/v1/receipts", body, {})
        if answer.status_code != requests.codes.ok:
            raise LineFailure(f"The cloud answered {answer.status_code} when it was asked for receipts.")
        try:
            listed = {Wanted(one["study_instance_uid"], one["sop_instance_uid"]): _receipt(one) for one in answer.json()["receipts"]}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LineFailure("The cloud's receipts cannot be read.") from error
        return {one: listed.get(one, Receipt()) for one in wanted}

    def heartbeat(self, told: dict[str, Any]) -> dict[str, Any]:
        """Say how we are; a new token may come back."""
        answer = self._ask("/api/v1/gateways/heartbeat", told, {})
        if answer.status_code != requests.codes.ok:
            raise LineFailure(f"The cloud answered {answer.status_code} to a heartbeat.")
        try:
            body: dict[str, Any] = answer.json()
        except ValueError as error:
            raise LineFailure("The cloud's answer to a heartbeat cannot be read.") from error
        return body

    def tell_inventory(self, told: dict[str, Any]) -> None:
        """Say what is here of some studies, or that everything was told."""
        answer = self._ask("/api/v1/gateways/inventory", told, {})
        if answer.status_code != requests.codes.ok:
            raise LineFailure(f"The cloud answered {answer.status_code} when it was told what is here.")

    def hand_over_log(self, told: dict[str, Any]) -> None:
        """Give the log that was asked for."""
        answer = self._ask("/api/v1/gateways/log", told, {})
        if answer.status_code != requests.codes.ok:
            raise LineFailure(f"The cloud answered {answer.status_code} when it was given the log.")

    def ask(self, method: str, path: str, size: int = 0, headers: dict[str, str] | None = None, **content: Any) -> requests.Response:
        """
        Any other question; ``size`` bytes of it count against the speed limit.

        Raises
        ------
        LineFailure
            There was no answer, or the cloud does not know us.
        """
        pairing = self._pairing()
        self._speed.pass_on(size)
        try:
            answer = self._session.request(
                method,
                pairing.cloud_url + path,
                headers={"Authorization": f"Bearer {pairing.token}", **(headers or {})},
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
                **content,
            )
        except requests.exceptions.SSLError as error:
            raise LineFailure("The cloud's certificate is not trusted, or the encrypted line was cut.") from error
        except requests.exceptions.ProxyError as error:
            raise LineFailure("The proxy does not let us through.") from error
        except requests.RequestException as error:
            raise LineFailure(f"The line to the cloud is down or was cut ({type(error).__name__}).") from error
        if answer.status_code in (401, 403):
            raise NotTrusted("The cloud does not know this gateway (any more): pair it again.")
        return answer

    def _ask(self, path: str, body: Any, headers: dict[str, str]) -> requests.Response:
        content = {"data": body} if isinstance(body, _Body) else {"json": body}
        return self.ask("POST", path, headers=headers, **content)

    def _portions(self, files: Sequence[bytes], boundary: str) -> Iterator[bytes]:
        for file in files:
            yield _head(boundary)
            for start in range(0, len(file), _PORTION_BYTES):
                portion = file[start : start + _PORTION_BYTES]
                self._speed.pass_on(len(portion))
                yield portion
            yield b"\r\n"
        yield _tail(boundary)


class _Body:
    """An iterable with a length: requests then sends Content-Length instead of chunks."""

    def __init__(self, portions: Iterator[bytes], size: int) -> None:
        self._portions, self._size = portions, size

    def __iter__(self) -> Iterator[bytes]:
        return self._portions

    def __len__(self) -> int:
        return self._size


def _receipt(one: dict[str, Any]) -> Receipt:
    return Receipt(
        frozenset(one["sha256"]), frozenset(one.get("set_aside", ())), frozenset(one.get("decided", ())), str(one.get("refused", ""))
    )


def _head(boundary: str) -> bytes:
    return f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()


def _tail(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode()


def _value(item: dict[str, Any], tag: str) -> Any:
    return (item.get(tag, {}).get("Value") or [""])[0]


def _refusal(code: object) -> Refusal:
    words = _REASONS.get(code, f"the cloud refused it (FailureReason {code})") if isinstance(code, int) else "the cloud refused it"
    return Refusal(words, may_pass=code in _MAY_PASS)
