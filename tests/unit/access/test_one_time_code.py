# SPDX-License-Identifier: AGPL-3.0-or-later
"""One-time codes: RFC 6238's own values, a clock that is a little wrong, and no code twice."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from cloudfilm.access.one_time_code import address_for_app, one_time_secret_from, time_step_of

SECRET = one_time_secret_from(b"12345678901234567890")


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")]
)
def test_the_values_of_rfc_6238(seconds: int, code: str) -> None:
    assert time_step_of(code, SECRET, datetime.fromtimestamp(seconds, UTC), last_used=0) == seconds // 30


def test_a_code_opens_once_and_an_older_one_never_after_it() -> None:
    now = datetime.fromtimestamp(1111111109, UTC)
    step = time_step_of("081804", SECRET, now, last_used=0)
    assert step == 37037036
    assert time_step_of("081804", SECRET, now, last_used=step) is None
    assert time_step_of("081804", SECRET, now, last_used=step + 1) is None
    assert time_step_of("081804", SECRET, now, last_used=step - 1) == step


@pytest.mark.parametrize(("late", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_wrong(late: int, taken: bool) -> None:
    now = datetime.fromtimestamp(1111111109, UTC) + timedelta(seconds=late)
    assert (time_step_of("081804", SECRET, now, last_used=0) is not None) == taken


@pytest.mark.parametrize("typed", ["", "08180", "0818045", "081 805", "abcdef", "０８１８０４", "0" * 1000])
def test_anything_else_is_wrong(typed: str) -> None:
    assert time_step_of(typed, SECRET, datetime.fromtimestamp(1111111109, UTC), last_used=0) is None


def test_spaces_are_forgiven() -> None:
    assert time_step_of(" 081 804 ", SECRET, datetime.fromtimestamp(1111111109, UTC), last_used=0) is not None


def test_the_address_tells_the_app_whose_it_is() -> None:
    address = urlsplit(address_for_app(SECRET, "li@jia", "CloudFilm"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [base64.b32encode(b"12345678901234567890").decode()], "issuer": ["CloudFilm"]}
    with pytest.raises(ValueError, match="20"):
        one_time_secret_from(b"short")
