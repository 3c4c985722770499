# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of a gateway, parsed beside those of the cloud."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Protocol

from cloudfilm.errors import SettingInvalid

_LIMIT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)=(\d{1,6})")
KEEP_DAYS = range(3651)
_AET = re.compile(r"[ -~]{1,16}")


class Reader(Protocol):
    """Takes settings out of their section."""

    def optional(self, name: str) -> str:
        """A text, or an empty one."""

    def integer(self, name: str, minimum: int, maximum: int) -> int:
        """A whole number."""

    def readable_file(self, name: str) -> str:
        """The path of a file, empty when none is named."""


@dataclass(frozen=True, slots=True)
class SpeedLimit:
    """From one time of day to another, over midnight where the second is earlier; 0 is no limit."""

    begins: time
    ends: time
    megabits_per_second: int

    def holds_at(self, moment: time) -> bool:
        """Whether the moment lies in it; the same time twice is the whole day."""
        if self.begins < self.ends:
            return self.begins <= moment < self.ends
        return moment >= self.begins or moment < self.ends


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What a gateway does; the cloud ignores it."""

    ca_file: str
    proxy: str
    connections: int
    batch_megabytes: int
    keep_days: int
    tries: int
    speed_limits: tuple[SpeedLimit, ...]
    emergency_aets: frozenset[str]
    backfill_days: int
    warn_free_percent: int
    reserve_megabytes: int
    compare_at: time
    heartbeat_seconds: int
    commits_when_durable: bool


def read_gateway_settings(reader: Reader) -> GatewaySettings:
    """Parse the settings whose names begin with Gateway."""
    return GatewaySettings(
        ca_file=reader.readable_file("GatewayCaFile"),
        proxy=_proxy(reader.optional("GatewayProxy")),
        connections=reader.integer("GatewayConnections", 1, 16),
        batch_megabytes=reader.integer("GatewayBatchMegabytes", 1, 256),
        keep_days=reader.integer("GatewayKeepDays", KEEP_DAYS.start, KEEP_DAYS.stop - 1),
        tries=reader.integer("GatewayTries", 1, 100),
        speed_limits=parse_speed_limits(reader.optional("GatewaySpeedLimits")),
        emergency_aets=_aets(reader.optional("GatewayEmergencyAets")),
        backfill_days=reader.integer("GatewayBackfillDays", 1, 36_500),
        warn_free_percent=reader.integer("GatewayWarnFreePercent", 0, 90),
        reserve_megabytes=reader.integer("GatewayReserveMegabytes", 1, 10_000_000),
        compare_at=parse_time_of_day("GatewayCompareAt", reader.optional("GatewayCompareAt")),
        heartbeat_seconds=reader.integer("GatewayHeartbeatSeconds", 1, 60),
        commits_when_durable=_commits_when_durable(reader.optional("GatewayCommits")),
    )


def parse_speed_limits(text: str) -> tuple[SpeedLimit, ...]:
    """``07:00-19:00=20,19:00-07:00=0``, Mbit/s; the first that holds counts, outside all of them there is no limit."""
    limits = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _LIMIT.fullmatch(part)
        if found is None:
            raise SettingInvalid(
                "GatewaySpeedLimits", text, "empty, or like 07:00-19:00=20,19:00-07:00=0 (times of day, Mbit/s, 0: no limit)"
            )
        hours = [int(group) for group in found.groups()]
        limits.append(SpeedLimit(time(hours[0], hours[1]), time(hours[2], hours[3]), hours[4]))
    return tuple(limits)


def parse_time_of_day(name: str, text: str) -> time:
    """``02:30``."""
    if not (found := re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)):
        raise SettingInvalid(name, text, "a time of day like 02:30")
    return time(int(found[1]), int(found[2]))


def _commits_when_durable(text: str) -> bool:
    if text not in ("confirmed", "durable"):
        raise SettingInvalid("GatewayCommits", text, "confirmed, or durable")
    return text == "durable"


def _proxy(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^/\s]+", text):
        raise SettingInvalid("GatewayProxy", "an address", "empty, or like http://host:3128 or http://user:password@host:3128")
    return text


def _aets(text: str) -> frozenset[str]:
    aets = [part.strip() for part in text.split(",") if part.strip()]
    if not all(_AET.fullmatch(aet) for aet in aets):
        raise SettingInvalid("GatewayEmergencyAets", text, "empty, or AE titles separated by commas")
    return frozenset(aets)
