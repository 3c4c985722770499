# SPDX-License-Identifier: AGPL-3.0-or-later
"""What senders said of something, field by field, each with when it was said.

What was said later counts, in whatever order it arrives: a message that was held up on its way undoes nothing, and still adds what nobody else has
said. Of two words of the same moment the one that arrives later counts. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

# By field: when it was said (UTC, so that text sorts as time), and the value; "" says that it was taken away.
type Said = dict[str, list[str]]


def with_word(known: Mapping[str, list[str]], facts: Mapping[str, str], said_at: datetime) -> Said:
    """What is known when these facts, said then, have arrived too."""
    moment = said_at.astimezone(UTC).isoformat(timespec="microseconds")
    newer = {name: [moment, value] for name, value in facts.items() if name not in known or known[name][0] <= moment}
    return {**known, **newer}


def together(*sources: Mapping[str, list[str]]) -> Said:
    """Of several the later word for each field."""
    merged: Said = {}
    for source in sources:
        merged |= {name: word for name, word in source.items() if name not in merged or merged[name][0] <= word[0]}
    return merged


def values_of(said: Mapping[str, list[str]]) -> dict[str, str]:
    """What counts now."""
    return {name: word[1] for name, word in said.items()}
