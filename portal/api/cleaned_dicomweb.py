# SPDX-License-Identifier: AGPL-3.0-or-later
"""Metadata of a study (PS3.18 §10.4.1.1.2), cleaned for a grant that may not read what is stored.

nginx sends such a request here; whoever comes by themselves gets the same. A cleaned answer holds no address that would not be answered.
"""

from __future__ import annotations

from flask import Blueprint, Response, json

from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.dicom.cleaning import DEIDENTIFICATION
from cloudfilm.errors import NotFound
from portal.cleaned_view import as_shown_to, hides_names
from portal.services import services
from portal.session import require

cleaned_dicomweb = Blueprint("cleaned_dicomweb", __name__, url_prefix="/cleaned/dicom-web/studies/<study>")


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
    if hides_names(holder):
        datasets = [{**dataset, **DEIDENTIFICATION} for dataset in datasets]
    return Response(json.dumps(datasets), content_type="application/dicom+json", headers={"Cache-Control": "no-store"})
