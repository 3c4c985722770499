# SPDX-License-Identifier: AGPL-3.0-or-later
"""Does what the cloud's staff ask of this gateway, as far as the hospital has consented."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from cloudfilm.errors import SettingInvalid
from cloudfilm.gateway_settings import KEEP_DAYS, parse_speed_limits
from cloudfilm.transfer.cloud import Cloud
from cloudfilm.transfer.remote import Remote

_log = logging.getLogger(__name__)


class Maintenance:
    """Asked after each heartbeat. ``excerpt`` is what of the logs may leave the hospital."""

    def __init__(self, remote: Remote, cloud: Cloud, excerpt: Callable[[], str]) -> None:
        self._remote, self._cloud, self._excerpt = remote, cloud, excerpt

    def follow(self, answer: dict[str, Any]) -> None:
        """
        Carry out what the answer to a heartbeat asks for. Without consent nothing of it.

        Raises
        ------
        LineFailure
            The log is handed over at the next heartbeat.
        """
        if not self._remote.consent.is_given:
            return
        settings = answer.get("settings")
        if isinstance(settings, dict) and isinstance(order := settings.get("order"), str) and order != self._remote.consent.settings_order:
            self._set(order, settings.get("speed_limits"), settings.get("keep_days"))
        if isinstance(asked := answer.get("log"), str):
            self._cloud.hand_over_log({"asked": asked, "text": self._excerpt()})
            self._remote.note_log()
            _log.info("handed the log over to the cloud, which had asked for it")

    def _set(self, order: str, speed_limits: Any, keep_days: Any) -> None:
        refused = _flaw(speed_limits, keep_days)
        if refused:
            _log.warning("refused settings of the cloud: %s", refused)
            self._remote.take_settings(order, None, None, refused)
            return
        self._remote.take_settings(order, speed_limits, keep_days)
        _log.info("the cloud set the speed limits to %r and the days of keeping to %r", speed_limits, keep_days)


def _flaw(speed_limits: Any, keep_days: Any) -> str:
    if speed_limits is not None:
        if not isinstance(speed_limits, str):
            return "speed limits are a text"
        try:
            parse_speed_limits(speed_limits)
        except SettingInvalid:
            return "the speed limits cannot be read"
    is_number = isinstance(keep_days, int) and not isinstance(keep_days, bool)
    if keep_days is not None and not (is_number and keep_days in KEEP_DAYS):
        return "the days of keeping are not from 0 to 3650"
    return ""
