# SPDX-License-Identifier: AGPL-3.0-or-later
"""Remote maintenance: what the hospital lets the cloud do on this gateway. Nothing, until somebody here says so on the gateway's own page.

What the cloud has set holds as long as the consent does; without it the gateway goes by its own settings again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cloudfilm.gateway_settings import GatewaySettings, SpeedLimit, parse_speed_limits
from cloudfilm.storage.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Consent:
    """``speed_limits`` and ``keep_days`` are the cloud's, None where it has set none. Moments are in seconds since 1970, 0 for never."""

    is_given: bool = False
    changed_at: float = 0.0
    speed_limits: str | None = None
    keep_days: int | None = None
    settings_order: str = ""
    settings_refused: str = ""
    settings_at: float = 0.0
    log_at: float = 0.0


class Remote:
    """One small file; threads take turns.

    Parameters
    ----------
    own
        The gateway's own settings.
    clock
        Seconds since 1970.
    """

    def __init__(self, path: Path, own: GatewaySettings, clock: Callable[[], float]) -> None:
        self._path, self._own, self._clock = path, own, clock
        self._lock = threading.Lock()
        try:
            self._consent = Consent(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            self._consent = Consent()

    @property
    def consent(self) -> Consent:
        """As it is now."""
        return self._consent

    def give(self) -> None:
        """The hospital lets the cloud read this gateway's logs and set what it may set."""
        with self._lock:
            if not self._consent.is_given:
                self._keep(Consent(is_given=True, changed_at=self._clock(), log_at=self._consent.log_at))

    def end(self) -> None:
        """It does not any more, and what the cloud has set holds no longer."""
        with self._lock:
            if self._consent.is_given:
                self._keep(Consent(changed_at=self._clock(), log_at=self._consent.log_at))

    def take_settings(self, order: str, speed_limits: str | None, keep_days: int | None, refused: str = "") -> None:
        """Go by the cloud's settings from now on; with ``refused``, why not, nothing changes but that the order is answered."""
        with self._lock:
            if not self._consent.is_given:
                return
            answered = replace(self._consent, settings_order=order, settings_refused=refused)
            if not refused:
                answered = replace(answered, speed_limits=speed_limits, keep_days=keep_days, settings_at=self._clock())
            self._keep(answered)

    def note_log(self) -> None:
        """The log was handed over."""
        with self._lock:
            self._keep(replace(self._consent, log_at=self._clock()))

    def speed_limits(self) -> tuple[SpeedLimit, ...]:
        """What holds."""
        consent = self._consent
        if consent.is_given and consent.speed_limits is not None:
            return parse_speed_limits(consent.speed_limits)
        return self._own.speed_limits

    def keep_days(self) -> int:
        """What holds."""
        consent = self._consent
        return consent.keep_days if consent.is_given and consent.keep_days is not None else self._own.keep_days

    def _keep(self, consent: Consent) -> None:
        write_whole(self._path, json.dumps(asdict(consent)).encode())
        self._consent = consent
