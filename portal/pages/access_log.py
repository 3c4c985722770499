# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's own access log in plain words, by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from babel.dates import format_date, format_datetime
from flask import Blueprint, Response, g, render_template

from portal.access_log import LogEntry, own_log
from portal.pages.exam import visited
from portal.services import services

access_log = Blueprint("access_log_page", __name__)
_LOCALES = {"zh-CN": "zh_CN", "en": "en_GB"}
_MOMENT = {"zh-CN": "EEE HH:mm", "en": "EEEE HH:mm"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """An entry with its time as it is shown, and as programs read it."""

    entry: LogEntry
    moment: str
    machine_time: str


@dataclass(frozen=True, slots=True)
class LogDay:
    """A day's lines, newest first. ``ago`` counts days from today."""

    title: str
    ago: int
    lines: list[LogLine]


@access_log.get("/access-log")
def show_access_log() -> Response:
    """Who looked, when, with what sort of device."""
    if not visited().consented:
        response = Response(status=303, headers={"Location": "/exam"})
    else:
        response = Response(render_template("access_log.html", days=log_days(own_log(), services().clock(), g.language)))
    response.headers["Cache-Control"] = "no-store"
    return response


def log_days(entries: list[LogEntry], now: datetime, language: str) -> list[LogDay]:
    """Entries by the hospital's days, written in a language."""
    zone, locale = services().settings.time_zone, _LOCALES[language]
    today = now.astimezone(zone).date()

    def day_of(entry: LogEntry) -> date:
        return entry.happened_at.astimezone(zone).date()

    def line(entry: LogEntry) -> LogLine:
        local = entry.happened_at.astimezone(zone)
        return LogLine(entry, format_datetime(local, _MOMENT[language], tzinfo=zone, locale=locale), local.isoformat(timespec="minutes"))

    return [
        LogDay(format_date(day, "long", locale=locale), (today - day).days, [line(entry) for entry in of_day])
        for day, of_day in groupby(entries, day_of)
    ]
