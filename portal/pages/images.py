# SPDX-License-Identifier: AGPL-3.0-or-later
"""The viewer for phones: its page, which has the first picture in it, and what its scripts need to know of all the others."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, json, render_template, request

from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.errors import NotFound
from portal.exam_pictures import ExamPictures, Pictures, ShownSeries, rendered_address
from portal.exam_record import load_exam
from portal.exam_view import ExamView
from portal.pages.exam import visited
from portal.publication import ask_for_publication
from portal.session import require

images = Blueprint("images", __name__)
_THUMBNAIL_SIDE = 160


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """The picture that stands in the page itself, and its neighbours for whoever has no JavaScript."""

    series: ShownSeries
    position: int
    address: str

    @property
    def width(self) -> int:
        """Pixels."""
        return self._one_of("columns")

    @property
    def height(self) -> int:
        """Pixels."""
        return self._one_of("rows")

    def _one_of(self, name: str) -> int:
        columns = self.series.columns
        return int(columns["same"][name] if name in columns["same"] else columns["each"][name][self.position - 1])


@images.get("/images")
def show_viewer() -> Response:
    """The page. ``?study=`` chooses one of several exams; ``?series=`` (from 1, or its UID) with ``?picture=`` (from 1) or ``?instance=`` and
    ``?frame=`` what is seen first."""
    holder, study_instance_uid = _asked()
    ask_for_publication([study_instance_uid])
    exam = Pictures(holder, study_instance_uid).all()
    record = load_exam(holder.grant)
    view, _ = record.view(holder)
    several = len(holder.study_instance_uids) > 1
    study_query = urlencode({"study": study_instance_uid}) if several else ""
    page = render_template(
        "images.html", pictures=exam, first=_first(exam), exam=view, study_query=study_query, study=study_instance_uid,
        back=_back(view, study_instance_uid),
        manifest=f"/api/v1/exam/images?{urlencode({'study': study_instance_uid})}",
    )  # fmt: skip
    return Response(page, headers={"Cache-Control": "no-store"})


@images.get("/api/v1/exam/images")
def show_manifest() -> Response:
    """200 with every series and picture in columns; 204 when it is still what ``?state=`` says. It holds no name and no number of a patient."""
    holder, study_instance_uid = _asked()
    pictures = Pictures(holder, study_instance_uid)
    if request.args.get("state") == pictures.state:
        return Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
    exam = pictures.all()
    body = {
        "study": study_instance_uid, "state": exam.state, "complete": exam.is_complete, "withoutPictures": exam.no_pictures,
        "series": [series.as_json() for series in exam.series],
    }  # fmt: skip
    return Response(json.dumps(body), content_type="application/json", headers={"Cache-Control": "no-store"})


@images.get("/images/key-picture")
def show_key_picture() -> Response:
    """303 to the picture that stands for the exam, or for the series that ``?series=`` gives by its place in it or by its UID; 404 where there
    is none. ``?instance=`` and ``?frame=`` choose another picture of that series."""
    holder, study_instance_uid = _asked()
    series = _series_asked_for(Pictures(holder, study_instance_uid))
    position = _position_asked_for(series) if series is not None else None
    if series is None or position is None:
        raise NotFound
    side = _THUMBNAIL_SIDE * 2 if request.args.get("size") != "whole" else None
    address = rendered_address(study_instance_uid, series, position - 1, *([side] if side else []))
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address, "Cache-Control": "no-store"})


def _asked() -> tuple[GrantHolder, str]:
    """Whose visit it is, and the exam that ``?study=`` names, else the one that the grant was given for."""
    holder = visited()
    reached = holder.study_instance_uids
    asked = request.args.get("study")
    if asked is None:
        asked = load_exam(holder.grant).report.study_instance_uid if len(reached) > 1 else None
        asked = asked if asked in reached else min(reached, default=None)
    if asked is None or asked not in reached:
        raise NotFound
    require(AccessRequest(Action.VIEW_IMAGES, hospital_id=holder.hospital_id, study_instance_uid=asked))
    return holder, asked


def _back(view: ExamView, study_instance_uid: str) -> str:
    """The page of the exam that is looked at."""
    reported = next((one.report_id for one in view.others if one.study_instance_uid == study_instance_uid), None)
    return f"/exam?report={reported}" if reported else f"/exam{view.query}"


def _series_asked_for(pictures: Pictures) -> ShownSeries | None:
    asked = request.args.get("series")
    if asked is not None and "." in asked:
        return pictures.one(asked)
    exam = pictures.all()
    return exam.opening if asked is None else next((one for one in exam.series if str(one.number) == asked), None)


def _position_asked_for(series: ShownSeries) -> int | None:
    """The picture that ``?instance=`` names, None where the series has it not; without that the one that the series opens with."""
    instance = request.args.get("instance")
    return series.opening if instance is None else series.position_of(instance, request.args.get("frame", 1, type=int))


def _first(exam: ExamPictures) -> FirstPicture | None:
    asked = request.args.get("series")
    series = next((one for one in exam.series if asked in (str(one.number), one.series_instance_uid)), exam.opening)
    if series is None:
        return None
    position = request.args.get("picture", type=int) or _position_asked_for(series) or series.opening
    position = min(max(position, 1), series.count)
    return FirstPicture(series, position, rendered_address(exam.study.study_instance_uid, series, position - 1))
