# SPDX-License-Identifier: AGPL-3.0-or-later
"""Latencies of one request after the other on a connection that is kept, case beside case, round after round."""

from __future__ import annotations

import http.client
import ssl
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from bench.failure import BenchFailed

_WARM_UP = 5
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One way to ask for the same thing.

    ``headers`` gets the number of the request, so that each may be told from the one before.
    """

    name: str
    port: int
    prefix: str
    headers: Callable[[int], dict[str, str]]
    tls: ssl.SSLContext | None = None

    def connect(self) -> http.client.HTTPConnection:
        """A new connection on the loopback."""
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.tls)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one case showed in one round: milliseconds, and the size of an answer in bytes."""

    p50: float
    p99: float
    size: int


def take_turns(cases: Sequence[Case], paths: Sequence[str], rounds: int, requests_a_round: int, seconds: float) -> list[list[Turn]]:
    """For each case its turns. Within a round every case asks once, then every case asks again: what the machine does meanwhile meets all alike."""
    turns: list[list[Turn]] = [[] for _ in cases]
    number = 0
    for _ in range(rounds):
        milliseconds: list[list[float]] = [[] for _ in cases]
        sizes, until = [0] * len(cases), time.monotonic() + seconds / rounds
        with ExitStack() as opened:
            connections = [opened.enter_context(closing(case.connect())) for case in cases]
            for place in range(-_WARM_UP, requests_a_round):
                if place >= _FEWEST and time.monotonic() > until:
                    break
                number += 1
                for which, (case, connection) in enumerate(zip(cases, connections, strict=True)):
                    taken, sizes[which] = _ask(case, connection, paths[number % len(paths)], number)
                    if place >= 0:
                        milliseconds[which].append(taken)
        for which, taken_by_one in enumerate(milliseconds):
            p99 = statistics.quantiles(taken_by_one, n=100, method="inclusive")[98]
            turns[which].append(Turn(statistics.median(taken_by_one), p99, sizes[which]))
    return turns


def _ask(case: Case, connection: http.client.HTTPConnection, path: str, number: int) -> tuple[float, int]:
    """Milliseconds until the last byte, and how many bytes there were."""
    headers = case.headers(number)
    began = time.perf_counter()
    try:
        connection.request("GET", case.prefix + path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise BenchFailed(f"{case.name} did not answer: {error}") from error
    taken = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise BenchFailed(f"{case.name} answered {answer.status}")
    return taken, len(body)
