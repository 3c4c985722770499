# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tries at passwords and one-time codes. Each is counted and committed before it is judged, so of many at once no more than the limit get
an answer.

A login and a network have a budget a quarter of an hour. A device that an account has signed in from has one of its own for it, so whoever
guesses at a doctor's login elsewhere does not lock the doctor out. No count ever ends a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cloudfilm.access.device import throttled_network
from cloudfilm.db.wrong_tries import WINDOW, count_try, forgive_try, window_start
from portal.services import services
from portal.session import asker

TRIES_AT_ONE_LOGIN = 10
# Behind one address there may be a whole hospital.
TRIES_FROM_ONE_NETWORK = 50


@dataclass(frozen=True, slots=True)
class Budget:
    """So many wrong tries a quarter of an hour count against this subject."""

    subject: str
    limit: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The budget is used up. ``first`` says that this try was the first beyond it: that one is written down."""

    retry_after_seconds: int
    first: bool

    @property
    def minutes(self) -> int:
        """To wait, rounded up."""
        return -(-self.retry_after_seconds // 60)


def budgets_of_login(login: str | None, device_id: UUID | None) -> list[Budget]:
    """What a try at a password counts against; ``device_id`` is a device that this account has signed in from."""
    if device_id is not None:
        return [Budget(f"login:{login} device:{device_id}", TRIES_AT_ONE_LOGIN)]
    network = throttled_network(asker().address)
    # What cannot be a login has one budget for all of it.
    return [Budget(f"login:{login or '-'}", TRIES_AT_ONE_LOGIN), Budget(f"sign-in network:{network}", TRIES_FROM_ONE_NETWORK)]


def budget_of_code(account_id: UUID) -> list[Budget]:
    """What a try at a one-time code counts against: only who knows the password gets so far."""
    return [Budget(f"one-time code:{account_id}", TRIES_AT_ONE_LOGIN)]


def budget_of_change(account_id: UUID) -> list[Budget]:
    """What a wrong password or code counts against that somebody gives who is signed in, to change the account."""
    return [Budget(f"own account:{account_id}", TRIES_AT_ONE_LOGIN)]


def spend(budgets: list[Budget]) -> Refused | None:
    """Count a try; None when it may be judged."""
    now = services().clock()
    window = window_start(now)
    with services().database.transaction() as cursor:
        for budget in budgets:
            tries = count_try(cursor, budget.subject, window)
            if tries > budget.limit:
                return Refused(int((window + WINDOW - now).total_seconds()) + 1, first=tries == budget.limit + 1)
    return None


def forgive(budgets: list[Budget]) -> None:
    """Take back a try that turned out right."""
    window = window_start(services().clock())
    with services().database.transaction() as cursor:
        for budget in budgets:
            forgive_try(cursor, budget.subject, window)
