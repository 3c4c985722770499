# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which status of a report may follow which: written out once more, as the documentation tells it."""

from __future__ import annotations

import re
from itertools import product

import pytest

from cloudfilm.db.migrate import MIGRATIONS
from cloudfilm.db.report_status import BOUND, STEPS, ReportStatus, may_become

ALLOWED = {
    "received": "read failed",
    "read": "matched waiting review",
    "waiting": "matched review amended withdrawn failed",
    "review": "matched waiting withdrawn failed",
    "matched": "issued amended withdrawn waiting review",
    "issued": "amended withdrawn waiting review",
    "amended": "matched waiting withdrawn",
    "withdrawn": "matched waiting review amended",
    "failed": "waiting review",
}


@pytest.mark.parametrize(("before", "after"), list(product(ALLOWED, ALLOWED)))
def test_which_status_may_follow_which(before: str, after: str) -> None:
    assert may_become(before, after) is (after in ALLOWED[before].split())


def test_every_status_is_in_the_table_and_can_be_reached() -> None:
    assert set(ALLOWED) == set(ReportStatus)
    reached = {ReportStatus.RECEIVED}
    while more := {after for status in reached for after in STEPS[status]} - reached:
        reached |= more
    assert reached == set(ReportStatus)


def test_only_what_is_bound_is_issued() -> None:
    assert {before for before in STEPS if may_become(before, "issued")} == {ReportStatus.MATCHED}
    assert ReportStatus.ISSUED in BOUND


def test_the_database_holds_the_same_steps() -> None:
    sql = (MIGRATIONS / "0030_report_life.sql").read_text(encoding="utf-8")
    rows = re.findall(r"\('(\w+)', '(\w+)'\)", sql[sql.index("INSERT INTO report_step") :])
    assert set(rows) == {(before, after) for before in STEPS for after in STEPS[before]}


def test_an_unknown_status_is_no_status() -> None:
    with pytest.raises(ValueError, match="refused"):
        may_become("received", "refused")
