# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which pictures somebody marked as telling: Key Object Selection documents (PS3.3 §A.35.4, §C.17.6) in DICOM JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudfilm.dicom.documents import first_value

_KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
# Titles (PS3.16 CID 7010) that mean "look at this": of interest, for the referring provider, surgery, conference, therapy, the patient, best in set,
# for printing, for the report. Others reject pictures (113001, 113037 …) or list all that there are (manifests).
_TELLING_TITLES = frozenset({"113000", "113002", "113003", "113005", "113006", "113007", "113013", "113018", "113020"})


@dataclass(frozen=True, slots=True)
class MarkedPicture:
    """A picture that a document names; ``frame`` counts from 1."""

    series_instance_uid: str
    sop_instance_uid: str
    frame: int = 1


def marked_pictures(dataset: Mapping[str, Any]) -> list[MarkedPicture]:
    """The pictures that a document marks, in its order; none where it is no Key Object Selection or its title says something else."""
    if first_value(dataset, "00080016") != _KEY_OBJECT_SELECTION:
        return []
    titles = {first_value(one, "00080100") for one in _items(dataset, "0040A043")}
    if not titles & _TELLING_TITLES:
        return []
    series_of = dict(_series_of_evidence(dataset))
    marked = [
        MarkedPicture(series_of[first_value(named, "00081155")], first_value(named, "00081155"), _frame(named))
        for item in _items(dataset, "0040A730")
        if first_value(item, "0040A040") == "IMAGE"
        for named in _items(item, "00081199")
        if first_value(named, "00081155") in series_of
    ]
    return list(dict.fromkeys(marked))


def _series_of_evidence(dataset: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """SOPInstanceUID and SeriesInstanceUID of what the document is about."""
    for study in _items(dataset, "0040A375"):
        for series in _items(study, "00081115"):
            for instance in _items(series, "00081199"):
                yield first_value(instance, "00081155"), first_value(series, "0020000E")


def _items(dataset: Mapping[str, Any], tag: str) -> list[Mapping[str, Any]]:
    return [item for item in dataset.get(tag, {}).get("Value") or [] if isinstance(item, Mapping)]


def _frame(named: Mapping[str, Any]) -> int:
    text = first_value(named, "00081160")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else 1
