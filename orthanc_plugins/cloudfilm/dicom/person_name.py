# SPDX-License-Identifier: AGPL-3.0-or-later
"""Person names (PS3.5 §6.2.1) for people: the ideographic group if there is one, written as its language writes names."""

from __future__ import annotations


def display_name(person_name: str) -> str:
    """A PN value, ``Wang^XiaoMing=王^小明``, as one would say it: ``王小明``; ``Smith^John`` becomes ``John Smith``."""
    groups = [group.strip() for group in person_name.split("=")]
    alphabetic, ideographic = groups[0], groups[1] if len(groups) > 1 else ""
    chosen = ideographic or alphabetic
    parts = [part.strip() for part in chosen.split("^")]
    family, given, middle = [*parts, "", "", ""][:3]
    if any("⺀" <= character <= "鿿" or character >= "\U00020000" for character in chosen):
        return family + given + middle
    return " ".join(part for part in (given, middle, family) if part)
