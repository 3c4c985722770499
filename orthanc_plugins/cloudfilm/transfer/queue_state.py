# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where an instance is on its way to the cloud."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where an instance is on its way."""

    WAITING = "waiting"
    SENDING = "sending"
    CONFIRMED = "confirmed"  # the cloud's SHA-256 equals ours
    CONFLICT = "conflict"  # the cloud has another content under the same UIDs
    SET_ASIDE = "set aside"  # refused, or failed, too often
