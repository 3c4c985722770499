# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a console's request to print was refused, with the status that DICOM has for it."""

from __future__ import annotations

from enum import IntEnum


class PrintStatus(IntEnum):
    """What we answer (PS3.7 §C, PS3.4 Annex H)."""

    SUCCESS = 0x0000
    NO_SUCH_ATTRIBUTE = 0x0105
    INVALID_VALUE = 0x0106
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_INSTANCE = 0x0111
    NO_SUCH_INSTANCE = 0x0112
    NO_SUCH_CLASS = 0x0118
    MISSING_ATTRIBUTE = 0x0120
    RESOURCE_LIMITATION = 0x0213
    NO_SUCH_ACTION = 0x0123
    EMPTY_PAGE = 0xB603  # a warning: nothing was printed
    NO_FILM_BOX = 0xC600
    FAILED_TO_STORE = 0xC602


class PrintRefused(Exception):
    """The sentence is for whoever set the console up; it holds nothing of a patient."""

    def __init__(self, status: PrintStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
