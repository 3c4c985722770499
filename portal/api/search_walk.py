# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding datasets for a QIDO-RS request: our own record says which studies there are, DICOMweb's plugin gives what it knows of them.

Studies are matched and counted by the database alone; where Orthanc's index holds all that is asked for of them, it is read for a whole page at
once. Series and instances are asked of the plugin in portions of studies, newest first, and only until enough are found; what it answers is
matched again here, since it compares more loosely than PS3.4 §C.2.2.2 says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cloudfilm.db.indexed_studies import indexed_studies
from cloudfilm.db.study_search import FoundStudy, StudiesInReach, search_studies
from cloudfilm.dicom.search_conditions import Condition, OneOf
from cloudfilm.dicom.search_keys import STUDY_KEYS, Level, tag_of
from cloudfilm.errors import TooLarge
from portal.api.search_request import SearchRequest
from portal.api.study_datasets import Dataset, dataset_of, is_known
from portal.services import services

_STUDIES_AT_ONCE = 200
_DATASETS_AT_ONCE = 2000
_MOST_PORTIONS = 120
# The plugin is asked for these too; it finds at least what matches.
_NARROWING = ("Modality", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
_ONE_OF_A_KIND = ("SeriesInstanceUID", "SOPInstanceUID")


@dataclass(frozen=True, slots=True)
class Found:
    """A page of datasets, and whether there is more after it."""

    datasets: list[Dataset]
    more: bool


def find(wanted: SearchRequest, reach: StudiesInReach) -> Found:
    """The page that is wanted."""
    if wanted.level is Level.STUDIES:
        return _find_studies(wanted, reach)
    datasets = list(islice(_below_studies(wanted, reach), wanted.offset, wanted.offset + wanted.limit + 1))
    return Found(datasets[: wanted.limit], len(datasets) > wanted.limit)


def _find_studies(wanted: SearchRequest, reach: StudiesInReach) -> Found:
    with services().database.transaction() as cursor:
        studies = search_studies(cursor, reach, wanted.conditions, wanted.limit + 1, wanted.offset)
    page = studies[: wanted.limit]
    if is_known(wanted.fields):
        return Found(_from_index(wanted, page), len(studies) > wanted.limit)
    datasets = [dataset for portion in _portions(Level.STUDIES, page) for dataset in _ask(wanted, portion)]
    return Found(datasets, len(studies) > wanted.limit)


def _from_index(wanted: SearchRequest, page: list[FoundStudy]) -> list[Dataset]:
    with services().index.transaction() as cursor:
        known = indexed_studies(cursor, [study.orthanc_study_id for study in page if study.orthanc_study_id])
    return [dataset_of(known[study.orthanc_study_id], wanted.fields) for study in page if study.orthanc_study_id in known]


def _below_studies(wanted: SearchRequest, reach: StudiesInReach) -> Iterator[Dataset]:
    of_study = {keyword: condition for keyword, condition in wanted.conditions.items() if keyword in STUDY_KEYS}
    below = {keyword: condition for keyword, condition in wanted.conditions.items() if keyword not in STUDY_KEYS}
    if (holding := _studies_holding(wanted)) is not None:
        of_study["StudyInstanceUID"] = _both(of_study.get("StudyInstanceUID"), holding)
    if "Modality" in below and "ModalitiesInStudy" not in of_study:
        of_study["ModalitiesInStudy"] = below["Modality"]
    with services().database.transaction() as cursor:
        studies = search_studies(cursor, reach, of_study)
    for number, portion in enumerate(_portions(wanted.level, studies)):
        if number == _MOST_PORTIONS:
            raise TooLarge("This search goes through too many studies. Please name a study, a patient or dates.")
        for dataset in _ask(wanted, portion):
            if all(condition.accepts(values_of(dataset, keyword)) for keyword, condition in below.items()):
                yield dataset


def _studies_holding(wanted: SearchRequest) -> OneOf | None:
    """Where series and instances with the UIDs that were asked for are, in whatever study; None when none was asked for.

    Asking for these first costs one question instead of one for each portion of studies.
    """
    query = [
        (keyword, ",".join(sorted(one.values))) for keyword in _ONE_OF_A_KIND if isinstance(one := wanted.conditions.get(keyword), OneOf)
    ]
    if not query or "StudyInstanceUID" in wanted.conditions:
        return None
    found = services().search(wanted.level, query)
    return OneOf(frozenset(uid for dataset in found for uid in values_of(dataset, "StudyInstanceUID")))


def _both(one: Condition | None, other: OneOf) -> OneOf:
    return OneOf(one.values & other.values) if isinstance(one, OneOf) else other


def _portions(level: Level, studies: list[FoundStudy]) -> Iterator[list[FoundStudy]]:
    """Studies in portions whose answers are of a bounded size."""
    portion: list[FoundStudy] = []
    expected = 0
    for study in studies:
        size = {Level.STUDIES: 1, Level.SERIES: study.series_count, Level.INSTANCES: study.instance_count}[level]
        if portion and (expected + size > _DATASETS_AT_ONCE or len(portion) == _STUDIES_AT_ONCE):
            yield portion
            portion, expected = [], 0
        portion.append(study)
        expected += size
    if portion:
        yield portion


def _ask(wanted: SearchRequest, portion: list[FoundStudy]) -> list[Dataset]:
    """What the plugin knows of these studies, in their order and then by number: it has no order of its own."""
    place = {study.study_instance_uid: number for number, study in enumerate(portion)}
    query = [("StudyInstanceUID", ",".join(place)), *(("includefield", tag_of(keyword)) for keyword in wanted.fields)]
    for keyword in _NARROWING:
        if isinstance(condition := wanted.conditions.get(keyword), OneOf) and wanted.level is not Level.STUDIES:
            query.append((keyword, ",".join(sorted(condition.values))))
    found = [dataset for dataset in services().search(wanted.level, query) if _study_of(dataset) in place]
    return sorted(found, key=lambda dataset: (place[_study_of(dataset)], *_order(dataset)))


def _order(dataset: Dataset) -> tuple[Any, ...]:
    return (
        _number(dataset, "SeriesNumber"),
        values_of(dataset, "SeriesInstanceUID"),
        _number(dataset, "InstanceNumber"),
        values_of(dataset, "SOPInstanceUID"),
    )


def _number(dataset: Dataset, keyword: str) -> int:
    values = values_of(dataset, keyword)
    return int(values[0]) if values and values[0].lstrip("-").isdigit() else 2**31


def _study_of(dataset: Dataset) -> str:
    return next(iter(values_of(dataset, "StudyInstanceUID")), "")


def values_of(dataset: Mapping[str, Any], keyword: str) -> list[str]:
    """The values of an attribute in DICOM JSON as text; of one in a sequence, those of all items."""
    outer, _, inner = keyword.partition(".")
    values: list[Any] = dataset.get(tag_of(outer), {}).get("Value", [])
    if inner:
        return [text for item in values for text in values_of(item, inner)]
    return [_text(value) for value in values if value is not None]


def _text(value: Any) -> str:
    if isinstance(value, dict):  # a person name
        return "=".join(value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return str(value)
