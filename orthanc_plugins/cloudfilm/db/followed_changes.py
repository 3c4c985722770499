# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far Orthanc's change log was compared with our own record of studies."""

from __future__ import annotations

from cloudfilm.db.database import Cursor, only_value


def last_followed(cursor: Cursor) -> int | None:
    """The number of the last change that was looked at; None when none ever was."""
    cursor.execute("SELECT last_change FROM followed_changes")
    last: int | None = only_value(cursor)
    return last


def set_last_followed(cursor: Cursor, last_change: int) -> None:
    """Changes up to this one were looked at."""
    cursor.execute("UPDATE followed_changes SET last_change = %s", (last_change,))
