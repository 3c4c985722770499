# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of DICOMweb where its plugin does not do: the one that stands for a study or a series, and why there is none.

Left alone the plugin takes any instance for a study's picture, be it the report, of which it can make none; and it answers 500 or a bare
400 for a frame that there cannot be.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from cloudfilm.access.holder import Holder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.dicom.documents import first_value
from cloudfilm.dicom.picture import has_pixels
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import BadRequest, NotAcceptable, NotFound, Unavailable
from portal.cleaned_view import as_shown_to, sees_cleaned_view
from portal.services import services
from portal.session import require
from portal.standing_picture import standing_picture

dicomweb_pictures = Blueprint("dicomweb_pictures", __name__)
_NOT_READ = "The picture could not be made or read. Please try again later."
_FRAMES = "a frame as it is comes as multipart/related; type=application/octet-stream; transfer-syntax=*"


@dicomweb_pictures.get("/dicom-web/studies/<study>/<any(rendered, thumbnail):form>")
@dicomweb_pictures.get("/dicom-web/studies/<study>/series/<series>/<any(rendered, thumbnail):form>")
def show(study: str, form: str, series: str | None = None) -> Response:
    """Rendered resources of a study and a series (PS3.18 §10.4.1.1.3): nginx goes on to the instance that is named here, and asks again."""
    if not is_uid(study) or (series is not None and not is_uid(series)):
        raise NotFound
    holder = require(AccessRequest(Action.VIEW_IMAGES, study_instance_uid=study))
    picture = standing_picture(study, series, may_be_document=not sees_cleaned_view(holder, [study]))
    query = request.query_string.decode("latin-1")
    if form == "rendered" and "window" not in request.args:
        query = "&".join(filter(None, (query, picture.window)))
    below = "thumbnail" if form == "thumbnail" else f"frames/{picture.frame}/rendered"
    address = f"{picture.instance_path}/{below}" + (f"?{query}" if query else "")
    # Without a charset: nginx would keep it for the picture's own Content-Type.
    return Response(content_type="image/jpeg", headers={"X-Accel-Redirect": address, "Cache-Control": "private, no-cache"})


@dicomweb_pictures.get("/why/dicom-web/studies/<study>/series/<series>/instances/<instance>/<path:asked>")
def tell_why(study: str, series: str, instance: str, asked: str) -> Response:
    """Why Orthanc gave no picture. nginx asks when it answered 400 or 500, and passes that on as ``X-CloudFilm-Answered``."""
    answered = request.headers.get("X-CloudFilm-Answered", "")
    if not answered:
        raise NotFound
    holder = require(AccessRequest(Action.VIEW_IMAGES, study_instance_uid=study))
    dataset = _instance(holder, study, series, instance)
    if not has_pixels(dataset):
        has_document = "00420011" in dataset
        hint = " The document in it is its bulk data 00420011." if has_document else ""
        raise NotAcceptable(f"This instance has no picture: its Modality is {first_value(dataset, '00080060') or 'not said'}.{hint}")
    count = max(1, int(first_value(dataset, "00280008") or 1)) if first_value(dataset, "00280008").isdigit() else 1
    wanted = [int(part) for part in asked.removeprefix("frames/").split("/")[0].split(",") if part.isdigit()] if "frames/" in asked else []
    if any(not 1 <= number <= count for number in wanted):
        raise NotFound(f"This instance has the frames 1 to {count}." if count > 1 else "This instance has one frame, number 1.")
    if answered.endswith(str(int(HTTPStatus.BAD_REQUEST))):
        if asked.endswith(("rendered", "thumbnail")):
            raise BadRequest(
                "A picture takes window=center,width,linear, viewport=width,height and quality=1 to 100, each with commas that are not escaped."
            )
        raise NotAcceptable(f"This frame cannot be given in the form that Accept names: {_FRAMES}.")
    raise Unavailable(_NOT_READ)


def _instance(holder: Holder, study: str, series: str, instance: str) -> dict[str, object]:
    """The instance's metadata, as far as this holder may know that it is there."""
    stored = services().metadata(study, series, instance)
    if not stored:  # Orthanc knows it, else it had answered so: its file cannot be read
        raise Unavailable(_NOT_READ)
    if sees_cleaned_view(holder, [study]):
        stored = as_shown_to(holder, [study], stored)
    if not stored:
        raise NotFound
    return stored[0]
