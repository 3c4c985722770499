# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal: a Flask application of blueprints. It is mounted inside Orthanc and knows nothing of it."""

from __future__ import annotations

from flask import Flask

from portal.api.access import access
from portal.api.access_log import access_log
from portal.api.archive import archive
from portal.api.authorise import authorise
from portal.api.cleaned_dicomweb import cleaned_dicomweb
from portal.api.denied import denied
from portal.api.description import description
from portal.api.dicomweb_pictures import dicomweb_pictures
from portal.api.dicomweb_search import dicomweb_search
from portal.api.gateway_reports import gateway_reports
from portal.api.gateways import gateways
from portal.api.health import health
from portal.api.receipts import receipts
from portal.api.reports import reports
from portal.api.reservations import reservations
from portal.api.shares import shares
from portal.browser import register_browser
from portal.failures import register_failures
from portal.form_token import register_form_token
from portal.kiosk.pages import kiosk
from portal.language import register_language
from portal.origin import refuse_foreign_origin
from portal.pages.access_log import access_log as access_log_page
from portal.pages.entrance import entrance
from portal.pages.exam import exam
from portal.pages.images import images
from portal.pages.mistakes import mistakes as mistakes_page
from portal.pages.shares import shares as shares_pages
from portal.pages.viewer import viewer
from portal.route_policy import check_policies
from portal.services import Services
from portal.staff.account import account
from portal.staff.audit import audit
from portal.staff.conflicts import conflicts
from portal.staff.destinations import destinations
from portal.staff.films import films
from portal.staff.filters import filters
from portal.staff.form_teaching import form_teaching
from portal.staff.forms import forms
from portal.staff.gateway_maintenance import gateway_maintenance
from portal.staff.gateways import gateways as staff_gateways
from portal.staff.grants import grants
from portal.staff.hospital import hospital
from portal.staff.mistakes import mistakes
from portal.staff.oidc import staff_oidc
from portal.staff.operation import operation
from portal.staff.orders import orders
from portal.staff.papers import papers
from portal.staff.patients import patients
from portal.staff.prints import prints
from portal.staff.register import register
from portal.staff.review import review
from portal.staff.sign_in import sign_in
from portal.staff.statistics import statistics
from portal.staff.studies import studies
from portal.staff.study import study
from portal.staff.tokens import tokens
from portal.staff.users import users

STAFF = (
    sign_in,
    staff_oidc,
    studies,
    filters,
    study,
    papers,
    destinations,
    patients,
    orders,
    register,
    films,
    review,
    mistakes,
    conflicts,
    account,
    users,
    grants,
    prints,
    forms,
    form_teaching,
    tokens,
    staff_gateways,
    gateway_maintenance,
    audit,
    hospital,
    statistics,
    operation,
)
BLUEPRINTS = (
    entrance,
    exam,
    images,
    viewer,
    shares_pages,
    access_log_page,
    mistakes_page,
    access,
    reports,
    reservations,
    shares,
    access_log,
    archive,
    dicomweb_search,
    dicomweb_pictures,
    cleaned_dicomweb,
    gateways,
    gateway_reports,
    receipts,
    health,
    kiosk,
    description,
    *STAFF,
    # Asked by nginx only.
    authorise,
    denied,
)
_MEGABYTE = 1024 * 1024


def create_app(services: Services) -> Flask:
    """Build the application around the given parts."""
    app = Flask("portal", static_folder=None)
    app.extensions["cloudfilm"] = services
    app.config["MAX_CONTENT_LENGTH"] = (services.settings.maximum_report_megabytes + 1) * _MEGABYTE
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.url_map.strict_slashes = False
    register_language(app)
    register_browser(app)
    register_failures(app)
    app.before_request(refuse_foreign_origin)
    register_form_token(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    check_policies(app)
    return app
