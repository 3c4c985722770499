# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOMweb below one study, cleaned: metadata (PS3.18 §10.4.1.1.2) and searches (§10.6) for a grant that may not read what is stored.

nginx sends such a request here; whoever comes by themselves gets the same. A cleaned answer holds no address that would not be answered.
"""

from __future__ import annotations

from flask import Blueprint, Response

from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.dicom.cleaning import DEIDENTIFICATION
from cloudfilm.errors import NotFound
from portal.api.dicomweb_search import asked_keys, dicom_json, page_of
from portal.cleaned_view import as_shown_to, finds_nothing, hides_names, needed_for_cleaning
from portal.services import services
from portal.session import require

cleaned_dicomweb = Blueprint("cleaned_dicomweb", __name__, url_prefix="/cleaned/dicom-web/studies/<study>")
_OF_THE_PATH = {
    "StudyInstanceUID": ("StudyInstanceUID", "0020000D"),
    "SeriesInstanceUID": ("SeriesInstanceUID", "0020000E"),
}


@cleaned_dicomweb.get("/metadata")
@cleaned_dicomweb.get("/series/<series>/metadata")
@cleaned_dicomweb.get("/series/<series>/instances/<instance>/metadata")
def metadata(study: str, series: str | None = None, instance: str | None = None) -> Response:
    """200 with a dataset for each picture; 404 where there is none."""
    holder = require(AccessRequest(Action.READ_CLEANED_METADATA, study_instance_uid=study))
    stored = services().metadata(*(uid for uid in (study, series, instance) if uid is not None))
    datasets = as_shown_to(holder, [study], stored)
    if not datasets:
        raise NotFound
    return dicom_json([{**dataset, **DEIDENTIFICATION} for dataset in datasets] if hides_names(holder) else datasets)


@cleaned_dicomweb.get("/<any(series, instances):level>")
@cleaned_dicomweb.get("/series/<series>/<any(instances):level>")
def search(study: str, level: str, series: str | None = None) -> Response:
    """200 with the series or the pictures that match, 204 when nothing does."""
    holder = require(AccessRequest(Action.READ_CLEANED_METADATA, study_instance_uid=study))
    keys = asked_keys()
    if finds_nothing(holder, keys):
        return dicom_json([])
    in_path = {"StudyInstanceUID": study} | ({"SeriesInstanceUID": series} if series else {})
    if any(value != in_path[name] for name in in_path for key, value in keys if key in _OF_THE_PATH[name]):
        return dicom_json([])
    known = [key for key in keys if not any(key[0] in _OF_THE_PATH[name] for name in in_path)]
    found = services().search(level, [*known, *needed_for_cleaning(level), *in_path.items()])
    return page_of(as_shown_to(holder, [study], found))
