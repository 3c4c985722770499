# SPDX-License-Identifier: AGPL-3.0-or-later
"""The two keys to one grant, in the clear: they exist here while a report is received and stamped, and after that only on paper."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrantKeys:
    """What the paper carries. ``repr`` shows neither."""

    secret: str
    access_code: str

    def __repr__(self) -> str:
        return "GrantKeys(…)"

    def link(self, public_url: str) -> str:
        """The patient's link."""
        return f"{public_url}/q/{self.secret}"

    def qr_url(self, public_url: str) -> str:
        """The same link in upper case throughout, which a QR code encodes more compactly; scheme, host and our paths ignore case."""
        return self.link(public_url).upper()

    def to_bytes(self) -> bytes:
        """For sealing."""
        return json.dumps([self.secret, self.access_code]).encode("ascii")

    @classmethod
    def from_bytes(cls, content: bytes) -> GrantKeys:
        """After unsealing."""
        return cls(*json.loads(content))
