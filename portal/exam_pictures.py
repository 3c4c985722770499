# SPDX-License-Identifier: AGPL-3.0-or-later
"""The series of an exam as the phone viewer shows them to a visit: without documents and without what tells whose it is, where that is hidden."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cloudfilm.access.holder import GrantHolder
from cloudfilm.db.studies import StudyRecord, study_with_uid
from cloudfilm.dicom.documents import first_value
from cloudfilm.dicom.picture_columns import picture_at
from cloudfilm.errors import NotFound
from cloudfilm.orthanc_api.study_pictures import SeriesPictures
from portal.cleaned_view import as_shown_to, sees_cleaned_view
from portal.services import services

# Beyond this, a smaller picture is asked for: no phone shows more at once, and a radiograph takes a third of the time.
LARGEST_SIDE = 1280
_FULL_LOOP = 3  # fewer pictures than this are a scout, or a picture by itself
_DEFAULT_WINDOWS = {"CT": (40.0, 400.0)}


@dataclass(frozen=True, slots=True)
class ShownSeries:
    """A series with pictures. ``number`` is its place in the exam, from 1."""

    number: int
    series_instance_uid: str
    modality: str
    description: str
    body_part: str
    columns: dict[str, Any]

    @property
    def count(self) -> int:
        """How many pictures it has."""
        return int(self.columns["count"])

    @property
    def opening(self) -> int:
        """The picture that it opens with, from 1: the middle of a stack, the first of a clip or of a few."""
        is_stack = "instance" in self.columns["each"] and self.count > _FULL_LOOP
        return (self.count + 1) // 2 if is_stack else 1

    def position_of(self, sop_instance_uid: str, frame: int = 1) -> int | None:
        """Where a picture stands in it, from 1."""
        for index in range(self.count):
            picture = picture_at(self.columns, index)
            if picture["instance"] == sop_instance_uid and picture["frame"] == frame:
                return index + 1
        return None

    def as_json(self) -> dict[str, Any]:
        """For the viewer."""
        return {
            "uid": self.series_instance_uid, "modality": self.modality, "description": self.description, "bodyPart": self.body_part,
            "opening": self.opening, **self.columns,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExamPictures:
    """What an exam's study holds. ``state`` changes whenever that does; ``no_pictures`` counts instances without pixels."""

    study: StudyRecord
    state: str
    series: list[ShownSeries]
    no_pictures: int

    @property
    def is_complete(self) -> bool:
        """Whether no more is expected."""
        return self.study.complete_at is not None

    @property
    def opening(self) -> ShownSeries | None:
        """The series that is opened first: the first that is more than a scout."""
        return next((one for one in self.series if one.count >= _FULL_LOOP), self.series[0] if self.series else None)


class Pictures:
    """An exam's series, read as far as they are asked for."""

    def __init__(self, holder: GrantHolder, study_instance_uid: str) -> None:
        parts = services()
        with parts.database.transaction() as cursor:
            study = study_with_uid(cursor, study_instance_uid)
        if study is None:
            raise NotFound
        self.study, self._holder = study, holder
        self._cleaned = sees_cleaned_view(holder, [study_instance_uid])
        self._versions = parts.pictures.series_of(study.orthanc_study_id) if study.orthanc_study_id else []

    @property
    def state(self) -> str:
        """A fingerprint of what is there and of how it is shown."""
        known = repr((self._versions, self.study.complete_at, self._cleaned))
        return hashlib.sha256(known.encode()).hexdigest()[:16]

    def all(self) -> ExamPictures:
        """Every series that has pictures."""
        read = [services().pictures.pictures_of(self.study.study_instance_uid, version) for version in self._versions]
        return ExamPictures(self.study, self.state, list(self._shown(read)), sum(one.no_pictures for one in read))

    def one(self, series_instance_uid: str) -> ShownSeries | None:
        """One series by itself, without reading the others; None where it has no pictures. Its ``number`` says nothing."""
        versions = [version for version in self._versions if version.series_instance_uid == series_instance_uid]
        read = [services().pictures.pictures_of(self.study.study_instance_uid, version) for version in versions]
        return next(self._shown(read), None)

    def _shown(self, read: Iterable[SeriesPictures]) -> Iterator[ShownSeries]:
        read = [one for one in read if self._columns(one)["count"]]
        heads = self._heads([one.first for one in read])
        number = 0
        for one in read:
            head = heads.get(one.series_instance_uid)
            if head is None:
                continue
            number += 1
            yield ShownSeries(
                number, one.series_instance_uid, first_value(head, "00080060").upper(), first_value(head, "0008103E"),
                first_value(head, "00180015").upper(), self._columns(one),
            )  # fmt: skip

    def _columns(self, one: SeriesPictures) -> dict[str, Any]:
        return one.without_documents if self._cleaned else one.columns

    def _heads(self, firsts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """By series, what may be said of it."""
        shown = as_shown_to(self._holder, [self.study.study_instance_uid], firsts) if self._cleaned else firsts
        return {first_value(head, "0020000E"): head for head in shown}


def first_window(picture: dict[str, Any], modality: str) -> tuple[float, float] | None:
    """The window that a picture is shown with first; None for colour. The viewer's JavaScript chooses the same."""
    if picture["samples"] > 1 or picture["photometric"] == "PALETTE COLOR":
        return None
    if picture["windows"]:
        return float(picture["windows"][0][0]), float(picture["windows"][0][1])
    if modality in _DEFAULT_WINDOWS:
        return _DEFAULT_WINDOWS[modality]
    lowest = -(2 ** (picture["bits"] - 1)) if picture["signed"] else 0
    ends = [(lowest + step) * picture["slope"] + picture["intercept"] for step in (0, 2 ** picture["bits"] - 1)]
    return (ends[0] + ends[1]) / 2, max(1.0, abs(ends[1] - ends[0]))


def first_window_query(picture: dict[str, Any], modality: str) -> str:
    """The same as a parameter of a rendered resource (PS3.18 §8.3.5.1.4), empty for colour. Commas stay as they are: Orthanc does not decode them."""
    window = first_window(picture, modality)
    return "" if window is None else f"window={_number(window[0])},{_number(window[1])},linear"


def rendered_address(study_instance_uid: str, series: ShownSeries, index: int, largest_side: int = LARGEST_SIDE) -> str:
    """Where the server renders a picture, ``index`` from 0, as JPEG with its first window."""
    picture = picture_at(series.columns, index)
    window = first_window_query(picture, series.modality)
    query = [window] if window else []
    width, height = picture["columns"], picture["rows"]
    if max(width, height) > largest_side:
        scale = largest_side / max(width, height)
        query.append(f"viewport={max(1, round(width * scale))},{max(1, round(height * scale))}")
    query.append("quality=85")
    path = f"/dicom-web/studies/{study_instance_uid}/series/{series.series_instance_uid}/instances/{picture['instance']}"
    return f"{path}/frames/{picture['frame']}/rendered?{quote('&'.join(query), safe='=&,.-')}"


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
