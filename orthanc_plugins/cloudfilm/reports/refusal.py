# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a document was not taken as a report."""


class DocumentRefused(Exception):
    """
    The document cannot be read as a report; nothing was stored.

    Attributes
    ----------
    reason
        What was wrong, in words that may be shown to whoever sent the document. It holds nothing from inside the document.
    allowed
        What would have been accepted.
    """

    def __init__(self, reason: str, allowed: str) -> None:
        super().__init__(f"{reason}; {allowed}")
        self.reason = reason
        self.allowed = allowed
