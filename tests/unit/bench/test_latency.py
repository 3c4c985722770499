# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns against a real HTTP server, and the table that is made of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.access import Measured
from bench.failure import BenchFailed
from bench.latency import Case, Turn, take_turns
from bench.table import as_facts, as_text


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str]
    status = 200

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"abc")

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def server(status: int = 200) -> Iterator[tuple[int, list[str]]]:
    handler = type("Handler", (Answering,), {"asked": [], "status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield listening.server_port, handler.asked  # type: ignore[attr-defined]
        listening.shutdown()


def case(name: str, port: int) -> Case:
    return Case(name, port, "/base", lambda _number: {})


def test_every_case_gets_as_many_turns_and_requests() -> None:
    with server() as (port, asked), server() as (other_port, other_asked):
        turns = take_turns([case("one", port), case("other", other_port)], ["/a", "/b"], rounds=5, requests_a_round=20, seconds=30)
    assert [len(taken) for taken in turns] == [5, 5]
    assert asked == other_asked
    assert len(asked) == 5 * (20 + 5)
    assert set(asked) == {"/base/a", "/base/b"}
    assert {turn.size for taken in turns for turn in taken} == {3}
    assert all(0 < turn.p50 <= turn.p99 for taken in turns for turn in taken)


def test_time_ends_a_round_but_not_before_twenty_requests() -> None:
    with server() as (port, asked):
        take_turns([case("one", port)], ["/a"], rounds=5, requests_a_round=2000, seconds=0)
    assert len(asked) == 5 * (20 + 5)


def test_an_answer_that_is_no_success_ends_it() -> None:
    with server(status=404) as (port, _), pytest.raises(BenchFailed, match="one answered 404"):
        take_turns([case("one", port)], ["/a"], rounds=5, requests_a_round=20, seconds=5)
    with pytest.raises(BenchFailed, match="one did not answer"):
        take_turns([case("one", port)], ["/a"], rounds=5, requests_a_round=20, seconds=5)


def test_what_is_added_is_taken_round_by_round() -> None:
    stock = tuple(Turn(p50, p50 * 2, 10) for p50 in (1.0, 5.0, 2.0))
    ours = tuple(Turn(turn.p50 + 0.5, turn.p99 + 1, 10) for turn in stock)
    measured = [Measured("one frame", ("stock", "ours"), (stock, ours))]
    (resource,) = as_facts(measured)["resources"]
    assert resource["cases"][1]["p50"] == {"median": 2.5, "lowest": 1.5, "highest": 5.5}
    assert resource["cases"][1]["added_p50"] == {"median": 0.5, "lowest": 0.5, "highest": 0.5}
    assert "0.50 (0.50 to 0.50)" in as_text(measured)
