# SPDX-License-Identifier: AGPL-3.0-or-later
"""Comparing what was read with what is printed."""

import unicodedata

from cloudfilm.reports.fields import ReportFields


def differences(printed: ReportFields, read: ReportFields) -> dict[str, tuple[str | None, str | None]]:
    """The fields that differ in more than white space and the width of characters, which no printed page tells apart."""
    pairs = {name: (value, getattr(read, name)) for name, value in printed.to_json().items()}
    return {name: pair for name, pair in pairs.items() if _bare(pair[0]) != _bare(pair[1])}


def _bare(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split())
