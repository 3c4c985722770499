# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form above the study list, as a search and as an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from cloudfilm.db.study_list import STATES, StudySearch

FIELDS = ("text", "modality", "state", "since", "until")
MODALITIES = ("CT", "MR", "DX", "CR", "US", "MG", "XA", "RF", "PT", "NM", "ES", "OT")


def search_from(asked: Mapping[str, str]) -> StudySearch:
    """What is asked for; a value that is none of the form's does not limit."""
    modality, state = asked.get("modality", ""), asked.get("state", "")
    return StudySearch(
        text=asked.get("text", "").strip().replace("\0", "")[:100],
        modality=modality if modality in MODALITIES else "",
        state=state if state in STATES else "",
        since=_day(asked.get("since", "")),
        until=_day(asked.get("until", "")),
    )


def place_of(asked: Mapping[str, str]) -> str:
    """The address of the list with a search."""
    query = urlencode({field: asked[field] for field in FIELDS if asked.get(field)})
    return f"/staff/?{query}" if query else "/staff/"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
