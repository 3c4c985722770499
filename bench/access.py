# SPDX-License-Identifier: AGPL-3.0-or-later
"""What access control adds to the latency of the two requests that a viewer makes most."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.cloudfilm import CloudFilm, cloudfilm
from bench.latency import Case, Turn, take_turns
from bench.plain_nginx import plain_nginx
from bench.stock_orthanc import stock_orthanc
from bench.study import write_study
from machine.installation import TLS

_FRAME = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
_METADATA = "application/dicom+json"
_RESOURCES = {"one frame": ("/frames/1", _FRAME), "one instance's metadata": ("/metadata", _METADATA)}


@dataclass(frozen=True, slots=True)
class Measured:
    """The turns of all cases for one resource; the first case is what the others are compared with."""

    resource: str
    names: tuple[str, ...]
    turns: tuple[tuple[Turn, ...], ...]


def measure_access(rounds: int, requests_a_round: int, seconds: float) -> list[Measured]:
    """Start both, measure, stop both."""
    with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-") as temporary, ExitStack() as started:
        folder = Path(temporary)
        folder.chmod(0o711)  # each server runs under its own user
        study = write_study(folder / "study")
        ours = started.enter_context(cloudfilm(folder / "cloudfilm.log", study))
        stock = started.enter_context(stock_orthanc(folder / "stock", study))
        proxied = started.enter_context(plain_nginx(folder / "nginx", stock))
        measured = []
        for resource, (suffix, accept) in _RESOURCES.items():
            cases = _cases(ours, stock, proxied, accept)
            paths = [path + suffix for path in study.instance_paths]
            turns = take_turns(cases, paths, rounds, requests_a_round, seconds / len(_RESOURCES))
            measured.append(Measured(resource, tuple(case.name for case in cases), tuple(map(tuple, turns))))
        return measured


def _cases(ours: CloudFilm, stock: int, proxied: int, accept: str) -> tuple[Case, ...]:
    tls = ssl.create_default_context(cafile=str(TLS / "certificate.pem"))
    dicomweb, bearer = "/dicom-web", f"Bearer {ours.token}"
    plain = _always({"Accept": accept})
    with_token = _always({"Accept": accept, "Authorization": bearer})

    def never_the_same(number: int) -> dict[str, str]:
        """nginx remembers its subrequest's answer by the credentials: another cookie each time makes it ask each time."""
        return {"Accept": accept, "Authorization": bearer, "Cookie": f"bench={number}"}

    return (
        Case("stock Orthanc", stock, dicomweb, plain),
        Case("Orthanc with our filter", ours.orthanc_port, dicomweb, with_token),
        Case("stock Orthanc behind nginx with TLS", proxied, dicomweb, plain, tls),
        Case("CloudFilm: nginx, TLS, remembered subrequest, filter", ours.https_port, dicomweb, with_token, tls),
        Case("CloudFilm: nginx, TLS, a subrequest each time, filter", ours.https_port, dicomweb, never_the_same, tls),
    )


def _always(headers: dict[str, str]) -> Callable[[int], dict[str, str]]:
    return lambda _number: headers
