# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a member of staff stays signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class StaffLimits:
    """``idle`` without a request, ``absolute`` since signing in."""

    idle: timedelta
    absolute: timedelta
