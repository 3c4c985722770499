# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much the hospital's archive is used: charts by day or week, and the same numbers as a table for programs (CSV)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from flask import Blueprint, Response, request

from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.hospital_statistics import COUNTS, Holdings, counts_by_day, holdings_of
from portal.services import services
from portal.staff.chart import HEIGHT, WIDTH, Chart, chart_of, periods, summed
from portal.staff.member import member_who_may
from portal.staff.page import staff_page

statistics = Blueprint("staff_statistics", __name__, url_prefix="/staff/statistics")
_DAYS, _WEEKS = 30, 26


@dataclass(frozen=True, slots=True)
class Numbers:
    """Periods, and for each of `COUNTS` a number for each of them."""

    begins: Sequence[date]
    values: dict[str, list[int]]
    holdings: Holdings

    @property
    def scan_rate(self) -> int | None:
        """Of a hundred reports that were issued, how many papers were opened; None while none was issued."""
        issued = sum(self.values["issued"])
        return round(100 * sum(self.values["scanned"]) / issued) if issued else None

    @property
    def charts(self) -> list[Chart]:
        """One for each sort of number."""
        return [chart_of(name, self.begins, self.values[name]) for name in COUNTS]

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        """A line for each period, the newest first."""
        lines = [(begin.isoformat(), [self.values[name][place] for name in COUNTS]) for place, begin in enumerate(self.begins)]
        return lines[::-1]


@statistics.get("")
def show_statistics() -> Response:
    """The last 30 days, or with ``?by=week`` 26 weeks."""
    holder = member_who_may(Action.READ_STATISTICS)
    numbers, by_week = _numbers(holder), _by_week()
    return staff_page("staff/statistics.html", holder, numbers=numbers, by_week=by_week, counts=COUNTS, width=WIDTH, height=HEIGHT)


@statistics.get("/numbers.csv")
def download() -> Response:
    """The same as CSV."""
    numbers = _numbers(member_who_may(Action.READ_STATISTICS))
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(["week from" if _by_week() else "day", *COUNTS])
    for begin, values in numbers.rows:
        writer.writerow([begin, *values])
    name = "cloudfilm-weeks.csv" if _by_week() else "cloudfilm-days.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(target.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _by_week() -> bool:
    return request.args.get("by") == "week"


def _numbers(holder: StaffHolder) -> Numbers:
    zone, by_week = services().settings.time_zone, _by_week()
    begins = periods(services().clock().astimezone(zone).date(), _WEEKS if by_week else _DAYS, by_week)
    since = datetime.combine(begins[0], time(), zone)
    with services().database.transaction() as cursor:
        counted = counts_by_day(cursor, holder.hospital_id or "", since, str(zone))
        holdings = holdings_of(cursor, holder.hospital_id or "")
    return Numbers(begins, {name: summed(counted[name], begins, by_week) for name in COUNTS}, holdings)
