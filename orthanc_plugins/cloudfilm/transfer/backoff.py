# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long to wait before the next try: doubled each time, with full jitter, so that gateways that lost the same line do not come back as one."""

from __future__ import annotations

LONGEST_SECONDS = 300.0
_FIRST_SECONDS = 1.0


def pause_seconds(failures: int, random: float) -> float:
    """The pause after so many failures in a row (at least one); ``random`` is from 0 to 1. A tenth of the full pause is always kept."""
    longest = min(LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failures - 1, 20))
    return longest * (0.1 + 0.9 * random)


def is_over(until: float, now: float) -> bool:
    """Whether a pause has ended. One that would last longer than any pause does was begun by a clock that has been set back since."""
    return now >= until or until > now + LONGEST_SECONDS
