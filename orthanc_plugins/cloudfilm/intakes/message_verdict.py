# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a sender of HL7 messages hears of one (HL7 v2.5.1 §2.9.2, table 0008)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cloudfilm.errors import CloudFilmError, Conflict, Unavailable
from cloudfilm.reports.hl7_message import Condition, MessageRefused
from cloudfilm.reports.limited_process import DocumentProcessFailed
from cloudfilm.reports.refusal import DocumentRefused

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``AA``: stored for good. ``AE``: try again later. ``AR``: never, with the reason."""

    code: str
    reason: str = ""
    condition: Condition | None = None


def judged(take: Callable[[], object], station: str) -> Verdict:
    """Take a message, and say what became of it."""
    try:
        take()
    except MessageRefused as refused:
        return Verdict("AR", str(refused), refused.condition)
    except DocumentRefused as refused:
        return Verdict("AR", f"OBX-5: {refused}", Condition.DATA_TYPE)
    except DocumentProcessFailed:
        return Verdict("AE", "The picture could not be looked at now", Condition.INTERNAL)
    except Unavailable as error:
        return Verdict("AE", error.public_message, Condition.INTERNAL)
    except Conflict as error:
        return Verdict("AR", error.public_message, Condition.UNKNOWN_KEY)
    except CloudFilmError as error:
        return Verdict("AR", error.public_message, Condition.INTERNAL)
    except Exception:
        # Ours, not the sender's: nothing is stored, the sender keeps the message, and the line lives on.
        _log.exception("a message of the station %s could not be taken", station)
        return Verdict("AE", "CloudFilm could not take the message; it is in its log", Condition.INTERNAL)
    return Verdict("AA")
