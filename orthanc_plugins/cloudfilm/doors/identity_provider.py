# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenID Connect provider whose tokens are taken beside our own."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cloudfilm.access.holder import ApiHolder


class IdentityProvider(Protocol):
    """What the doorkeeper asks of it."""

    def api_holder(self, text: str, now: datetime) -> ApiHolder | None:
        """The program that a bearer token speaks for; None for whatever this provider did not issue for us."""
        ...
