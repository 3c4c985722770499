# SPDX-License-Identifier: AGPL-3.0-or-later
"""Guessing access codes: many at once, close to the right one, and from next door to the true patient. The limit is 5 a network here."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from cloudfilm.doors.asker import DEVICE_COOKIE
from demo.report_form import make_report_pdf
from portal.entry import WRONG_TRIES_OF_A_GRANT
from tests.support.instance import Instance
from tests.support.mint import Mint
from tests.support.samples import fields_for

_LIMIT = 5


@pytest.fixture(autouse=True)
def forgotten_tries(instance: Instance) -> Iterator[None]:
    instance.sql("DELETE FROM wrong_try")
    yield
    instance.sql("DELETE FROM wrong_try")


@pytest.fixture
def paper(instance: Instance, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A report's link, code and grant."""
    return issue(instance, request.node.name)


def issue(instance: Instance, seed: str) -> dict[str, Any]:
    client = instance.client(instance.token("jia", "reports"))
    answer: dict[str, Any] = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))}).json()
    ((answer["grant_id"],),) = instance.sql("SELECT grant_id::text FROM access_grant WHERE report_id = %s", answer["report_id"])
    return answer


def guess(client: requests.Session, code: str) -> requests.Response:
    return client.post("/api/v1/access", json={"access_code": code})


def wrong_codes_like(code: str, number: int) -> list[str]:
    """The first two groups right, the third wrong."""
    return [f"{code[:10]}{n:04}" for n in range(number) if f"{code[:10]}{n:04}" != code]


def test_of_200_parallel_guesses_none_wins_and_the_count_is_exact(instance: Instance, paper: dict[str, Any]) -> None:
    """The right code is among them, after the tries are used up: even that opens nothing."""
    client = instance.client()
    for number in range(_LIMIT):
        assert guess(client, f"0000-0001-{number:04}").status_code == 401
    instance.sql("DELETE FROM wrong_try")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: guess(instance.client(), f"0000-0002-{number:04}"), range(200)))
    assert Counter(answer.status_code for answer in answers) == {401: _LIMIT, 429: 200 - _LIMIT}
    assert sorted(answer.json()["remaining_attempts"] for answer in answers if answer.status_code == 401) == list(range(_LIMIT))
    assert instance.sql("SELECT subject, attempts FROM wrong_try WHERE subject IN ('everybody', 'network:127.0.0.1') ORDER BY 1") == [
        ("everybody", _LIMIT), ("network:127.0.0.1", 200),
    ]  # fmt: skip
    assert guess(instance.client(), paper["access_code"]).status_code == 429, "a guesser learns nothing, even when the guess is right"


def test_whoever_has_two_groups_right_gets_ten_tries_in_the_grants_life_and_the_paper_still_opens(
    instance: Instance, paper: dict[str, Any]
) -> None:
    """The windows are forgotten before each try, as if a guesser had thousands of addresses and all the time there is."""
    statuses = Counter[int]()
    for code in wrong_codes_like(paper["access_code"], 16)[:14]:
        instance.sql("DELETE FROM wrong_try")
        statuses[guess(instance.client(), code).status_code] += 1
    assert statuses == {401: WRONG_TRIES_OF_A_GRANT, 429: 14 - WRONG_TRIES_OF_A_GRANT}
    instance.sql("DELETE FROM wrong_try")
    assert guess(instance.client(), paper["access_code"]).status_code == 429, "the typed code is closed for good"
    assert instance.client().get(paper["link"]).status_code == 303, "the QR code opens"


def test_parallel_tries_at_one_grant_do_not_slip_past_its_ten(instance: Instance, paper: dict[str, Any]) -> None:
    """Each from a device that is known by a paper of its own, so that only the grant's own count can stop them."""
    devices, mint = [], Mint(instance)
    for _ in range(30):
        client = instance.client()
        client.headers["Cookie"] = f"{DEVICE_COOKIE}={mint.device()}"
        devices.append(client)
    with ThreadPoolExecutor(15) as pool:
        codes = wrong_codes_like(paper["access_code"], 31)
        answers = list(pool.map(lambda pair: guess(*pair), zip(devices, codes, strict=False)))
    assert Counter(answer.status_code for answer in answers) == {401: WRONG_TRIES_OF_A_GRANT, 429: 30 - WRONG_TRIES_OF_A_GRANT}


def test_a_patient_who_has_been_here_is_not_locked_out_by_the_guesser_next_door(instance: Instance, paper: dict[str, Any]) -> None:
    patient = instance.client()
    assert guess(patient, paper["access_code"]).status_code == 200
    for number in range(_LIMIT + 1):
        last = guess(instance.client(), f"0000-0003-{number:04}")
    assert last.status_code == 429
    del patient.cookies["__Host-session"]
    assert guess(patient, paper["access_code"]).status_code == 200, "known by the device's cookie"
    assert guess(instance.client(), paper["access_code"]).status_code == 429
    assert instance.client().get(paper["link"]).status_code == 303, "and the QR code opens for everybody"


def test_whoever_opens_a_paper_again_and_again_gets_no_more_tries_by_it(instance: Instance, paper: dict[str, Any]) -> None:
    statuses = Counter[int]()
    for number in range(2 * _LIMIT):
        fresh = instance.client()
        assert fresh.get(paper["link"]).status_code == 303
        statuses[guess(fresh, f"0000-0008-{number:04}").status_code] += 1
    assert statuses == {401: _LIMIT, 429: _LIMIT}


def test_while_many_guess_from_everywhere_a_new_network_has_one_try_and_a_known_device_all_of_its(
    instance: Instance, paper: dict[str, Any]
) -> None:
    patient = instance.client()
    assert guess(patient, paper["access_code"]).status_code == 200

    def flooded() -> None:
        instance.sql("DELETE FROM wrong_try")
        window = datetime.fromtimestamp(time.time() // 900 * 900, UTC)
        for start in (window, window + timedelta(minutes=15)):
            instance.sql("INSERT INTO wrong_try (subject, window_start, attempts) VALUES ('everybody', %s, 1000000)", start)

    flooded()
    assert guess(instance.client(), paper["access_code"]).status_code == 200, "somebody with the paper in hand needs one try"
    flooded()
    assert [guess(instance.client(), f"0000-0009-{number:04}").status_code for number in range(2)] == [401, 429]
    assert guess(instance.client(), paper["access_code"]).status_code == 429
    assert [guess(patient, f"0000-0009-{number:04}").status_code for number in range(2)] == [401, 401]
    assert guess(patient, paper["access_code"]).status_code == 200


def test_unknown_expired_and_revoked_codes_get_the_same_answer_in_the_same_time(instance: Instance) -> None:
    expired, revoked = issue(instance, "guess expired"), issue(instance, "guess revoked")
    now = datetime.now(UTC)
    instance.sql("UPDATE access_grant SET expires_at = %s WHERE grant_id = %s", now - timedelta(hours=1), expired["grant_id"])
    instance.sql("UPDATE access_grant SET revoked_at = %s WHERE grant_id = %s", now, revoked["grant_id"])
    codes = {"unknown": "0000-0004-0000", "expired": expired["access_code"], "revoked": revoked["access_code"]}
    client, seconds, bodies = instance.client(), {name: list[float]() for name in codes}, set[str]()
    for _ in range(30):
        for name, code in codes.items():
            instance.sql("DELETE FROM wrong_try")
            instance.sql("UPDATE access_grant SET wrong_tries = 0")
            began = time.perf_counter()
            answer = guess(client, code)
            seconds[name].append(time.perf_counter() - began)
            assert answer.status_code == 401
            bodies.add(answer.text)
    assert len(bodies) == 1
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()) + 0.01, medians
