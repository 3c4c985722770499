# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may use each route: a line for every endpoint of the portal and for every location of nginx.

The portal does not start while an endpoint has no line here. The views ask for themselves; tests/integration/test_every_route.py walks the
running system and holds each of them to its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask import Flask

from cloudfilm.access.policy import Action


class Opens(StrEnum):
    """What opens a route."""

    TO_ANYBODY = "to anybody"  # it shows nobody's data
    TO_NOBODY = "to nobody"  # whatever it answers is a denial
    BY_KEY = "by key"  # the request itself brings a QR code's secret or an access code
    BY_VISIT = "by visit"  # a visit whose grant is open
    BY_STAFF_SESSION = "by staff session"
    BY_DECISION = "by decision"  # whoever `decide` allows the action


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """One line.

    ``action`` is what the holder must be allowed to do, None where being there is enough, ``instead`` what suffices for less of an answer;
    ``before_consent`` says that a visit gets an answer (never the exam) before the disclaimer is accepted.
    """

    opens: Opens
    action: Action | None = None
    instead: Action | None = None
    before_consent: bool = False


PUBLIC = RoutePolicy(Opens.TO_ANYBODY)
CLOSED = RoutePolicy(Opens.TO_NOBODY)
KEY = RoutePolicy(Opens.BY_KEY)
STAFF = RoutePolicy(Opens.BY_STAFF_SESSION)


def visit(action: Action | None = None, before_consent: bool = False) -> RoutePolicy:
    """A page of the patient, or of whoever a share was passed to."""
    return RoutePolicy(Opens.BY_VISIT, action, before_consent=before_consent)


def staff(action: Action) -> RoutePolicy:
    """A page of the staff."""
    return RoutePolicy(Opens.BY_STAFF_SESSION, action)


def decided(action: Action, instead: Action | None = None) -> RoutePolicy:
    """Whoever may do this, with whatever credential."""
    return RoutePolicy(Opens.BY_DECISION, action, instead)


POLICIES = {
    "access.open_by_code": KEY,
    "access_log.get_access_log": visit(Action.READ_OWN_LOG),
    "access_log_page.show_access_log": visit(Action.READ_OWN_LOG, before_consent=True),
    "api_description.show_document": PUBLIC,
    "api_description.show_page": PUBLIC,
    "archive.download": decided(Action.RETRIEVE_ORIGINALS),
    "authorise.judge": CLOSED,
    "cleaned_dicomweb.metadata": decided(Action.READ_CLEANED_METADATA),
    "denied.show_denied": CLOSED,
    "dicomweb_pictures.show": decided(Action.VIEW_IMAGES),
    "dicomweb_pictures.tell_why": decided(Action.VIEW_IMAGES),
    "dicomweb_search.search": decided(Action.QUERY),
    "dicomweb_search.search_in_series": decided(Action.QUERY),
    "dicomweb_search.search_in_study": decided(Action.QUERY),
    "entrance.open_by_qr": KEY,
    "entrance.open_by_shared_link": KEY,
    "entrance.show_code_form": PUBLIC,
    "entrance.take_code_form": KEY,
    "exam.leave": PUBLIC,
    "exam.show_consent": PUBLIC,
    "exam.show_exam": visit(before_consent=True),
    "exam.show_original_pages": visit(Action.SEE_REPORT_PAGES, before_consent=True),
    "exam.show_state": visit(),
    "exam.take_consent": visit(before_consent=True),
    "gateway_reports.take_arrival": decided(Action.SUBMIT_REPORT),
    "gateway_reports.tell_copies": decided(Action.SUBMIT_REPORT),
    "gateways.pair": KEY,
    "gateways.take_heartbeat": decided(Action.STORE_IMAGES),
    "gateways.take_log_of_gateway": decided(Action.STORE_IMAGES),
    "gateways.take_inventory": decided(Action.STORE_IMAGES),
    "health.show_health": PUBLIC,
    "images.show_key_picture": visit(Action.VIEW_IMAGES),
    "images.show_manifest": visit(Action.VIEW_IMAGES),
    "images.show_viewer": visit(Action.VIEW_IMAGES),
    "kiosk.end_visit": decided(Action.PRINT_AT_KIOSK),
    "kiosk.show_kiosk": decided(Action.PRINT_AT_KIOSK),
    "kiosk.show_pairing": PUBLIC,
    "kiosk.show_paper": decided(Action.PRINT_AT_KIOSK),
    "kiosk.take_pairing_code": KEY,
    "kiosk.take_step": decided(Action.PRINT_AT_KIOSK),
    "mistakes.show_mistakes": visit(Action.REPORT_MISTAKE, before_consent=True),
    "mistakes.take_mistake": visit(Action.REPORT_MISTAKE, before_consent=True),
    "receipts.issue_receipts": decided(Action.STORE_IMAGES),
    "reports.show_original": decided(Action.DOWNLOAD_REPORT),
    "reports.show_page": decided(Action.SEE_REPORT_PAGES),
    "reports.show_qr": decided(Action.FETCH_DELIVERY),
    "reports.show_report": decided(Action.READ_REPORT),
    "reports.show_stamped": decided(Action.FETCH_DELIVERY),
    "reports.submit_report": decided(Action.SUBMIT_REPORT),
    "reservations.post_reservation": decided(Action.SUBMIT_REPORT),
    "shares.delete_share": visit(Action.SHARE),
    "shares.get_shares": visit(Action.SHARE),
    "shares.post_share": visit(Action.SHARE),
    "shares_pages.ask_to_end": visit(Action.SHARE, before_consent=True),
    "shares_pages.show_share_form": visit(Action.SHARE, before_consent=True),
    "shares_pages.show_shares": visit(Action.SHARE, before_consent=True),
    "shares_pages.take_end": visit(Action.SHARE, before_consent=True),
    "shares_pages.take_share_form": visit(Action.SHARE, before_consent=True),
    "sign_in.show_sign_in": PUBLIC,
    "sign_in.show_start": PUBLIC,
    "sign_in.sign_out": PUBLIC,
    "sign_in.take_code": KEY,
    "sign_in.take_new_password": KEY,
    "sign_in.take_sign_in": KEY,
    "staff_account.change_password": STAFF,
    "staff_account.make_one_time_code": STAFF,
    "staff_account.remove_one_time_code": STAFF,
    "staff_account.show_account": STAFF,
    "staff_account.show_one_time_code": STAFF,
    "staff_account.show_start": PUBLIC,
    "staff_account.take_one_time_code": STAFF,
    "staff_audit.show_events": staff(Action.READ_AUDIT),
    "staff_conflicts.decide": staff(Action.SETTLE_CONFLICTS),
    "staff_conflicts.show_conflict": staff(Action.SETTLE_CONFLICTS),
    "staff_conflicts.show_conflicts": staff(Action.SETTLE_CONFLICTS),
    "staff_conflicts.show_picture": staff(Action.SETTLE_CONFLICTS),
    "staff_destinations.show_printers": PUBLIC,
    "staff_destinations.show_start": PUBLIC,
    "staff_destinations.take_print": staff(Action.ISSUE_PAPER),
    "staff_destinations.take_printers": staff(Action.MANAGE_HOSPITAL),
    "staff_films.decide_film": staff(Action.REVIEW_REPORTS),
    "staff_films.show_film": staff(Action.REVIEW_REPORTS),
    "staff_films.show_films": staff(Action.REVIEW_REPORTS),
    "staff_films.show_start": PUBLIC,
    "staff_filters.change": staff(Action.QUERY),
    "staff_filters.show_start": STAFF,
    "staff_filters.take_filter": staff(Action.QUERY),
    "staff_form_teaching.read_marks": staff(Action.TEACH_FORMS),
    "staff_form_teaching.show_teaching": staff(Action.TEACH_FORMS),
    "staff_form_teaching.take_step": staff(Action.TEACH_FORMS),
    "staff_forms.change": staff(Action.TEACH_FORMS),
    "staff_forms.show_forms": staff(Action.TEACH_FORMS),
    "staff_forms.show_picture": staff(Action.TEACH_FORMS),
    "staff_forms.show_sample_start": PUBLIC,
    "staff_forms.show_start": PUBLIC,
    "staff_forms.take_sample": staff(Action.TEACH_FORMS),
    "staff_gateway_maintenance.ask": staff(Action.MANAGE_TOKENS),
    "staff_gateway_maintenance.show_gateway": staff(Action.MANAGE_TOKENS),
    "staff_gateways.add": staff(Action.MANAGE_TOKENS),
    "staff_gateways.compare": staff(Action.MANAGE_TOKENS),
    "staff_gateways.settle": staff(Action.MANAGE_TOKENS),
    "staff_gateways.show_differences": staff(Action.MANAGE_TOKENS),
    "staff_gateways.show_gateways": staff(Action.MANAGE_TOKENS),
    "staff_gateways.show_start": PUBLIC,
    "staff_grants.revoke": staff(Action.MANAGE_GRANTS),
    "staff_grants.show_grants": staff(Action.MANAGE_GRANTS),
    "staff_grants.show_start": PUBLIC,
    "staff_hospital.show_logo": PUBLIC,
    "staff_hospital.show_settings": staff(Action.MANAGE_HOSPITAL),
    "staff_hospital.take_settings": staff(Action.MANAGE_HOSPITAL),
    "staff_oidc.callback": KEY,
    "staff_oidc.start": KEY,
    "staff_mistakes.show_mistakes": staff(Action.REVIEW_REPORTS),
    "staff_mistakes.show_start": PUBLIC,
    "staff_mistakes.take_answer": staff(Action.REVIEW_REPORTS),
    "staff_operation.retry": staff(Action.OPERATE),
    "staff_operation.show_operation": staff(Action.OPERATE),
    "staff_operation.show_start": STAFF,
    "staff_orders.show_orders": staff(Action.QUERY),
    "staff_papers.show_start": PUBLIC,
    "staff_papers.take_paper": staff(Action.ISSUE_PAPER),
    "staff_patients.compare": staff(Action.VIEW_IMAGES),
    "staff_patients.show_history": staff(Action.QUERY),
    "staff_patients.show_start": STAFF,
    "staff_prints.allow": staff(Action.MANAGE_GRANTS),
    "staff_prints.show_prints": staff(Action.MANAGE_GRANTS),
    "staff_prints.show_start": PUBLIC,
    "staff_register.decide": staff(Action.REVIEW_REPORTS),
    "staff_register.show_register": staff(Action.REVIEW_REPORTS),
    "staff_register.show_start": PUBLIC,
    "staff_register.unmerge": staff(Action.REVIEW_REPORTS),
    "staff_review.decide_report": staff(Action.REVIEW_REPORTS),
    "staff_review.show_report": staff(Action.REVIEW_REPORTS),
    "staff_review.show_reports": staff(Action.REVIEW_REPORTS),
    "staff_review.show_start": PUBLIC,
    "staff_review.show_thumbnail": staff(Action.VIEW_IMAGES),
    "staff_review.take_merge": staff(Action.REVIEW_REPORTS),
    "staff_statistics.download": staff(Action.READ_STATISTICS),
    "staff_statistics.show_statistics": staff(Action.READ_STATISTICS),
    "staff_studies.open_study": staff(Action.VIEW_IMAGES),
    "staff_studies.show_studies": STAFF,
    "staff_study.open_on_phone": staff(Action.VIEW_IMAGES),
    "staff_study.show_log": staff(Action.READ_STUDY_LOG),
    "staff_study.show_series": staff(Action.VIEW_IMAGES),
    "staff_study.show_start": STAFF,
    "staff_study.show_study": staff(Action.QUERY),
    "staff_tokens.revoke": staff(Action.MANAGE_TOKENS),
    "staff_tokens.show_start": PUBLIC,
    "staff_tokens.show_tokens": staff(Action.MANAGE_TOKENS),
    "staff_tokens.take_token": staff(Action.MANAGE_TOKENS),
    "staff_users.disable": staff(Action.MANAGE_ACCOUNTS),
    "staff_users.enable": staff(Action.MANAGE_ACCOUNTS),
    "staff_users.reset": staff(Action.MANAGE_ACCOUNTS),
    "staff_users.show_start": PUBLIC,
    "staff_users.show_users": staff(Action.MANAGE_ACCOUNTS),
    "staff_users.take_user": staff(Action.MANAGE_ACCOUNTS),
    "viewer.open_viewer": visit(Action.VIEW_IMAGES),
    "viewer.renew_visit": visit(),
}


class Leads(StrEnum):
    """Where a location of nginx leads."""

    TO_PUBLIC_FILES = "to public files"
    TO_PORTAL = "to the portal"
    TO_ORTHANC = "to Orthanc"  # and to the portal, for searches across studies
    NOWHERE = "nowhere"  # from outside: it is internal, or answers 404


# As they are written in docker/nginx/nginx.conf.template.
LOCATIONS = {
    "@denied": Leads.NOWHERE,
    "@too_many": Leads.NOWHERE,
    "= /unavailable.html": Leads.NOWHERE,
    "= /_authorise": Leads.NOWHERE,
    "= /_may_store": Leads.NOWHERE,
    "= /_store": Leads.NOWHERE,
    "/": Leads.TO_PORTAL,
    "~ ^/api/v1/studies/[0-9.]+/archive$": Leads.TO_PORTAL,
    "~* ^/([qs]/|staff/oidc/)": Leads.TO_PORTAL,
    "~ ^/(authorise|cleaned|why)(/|$)": Leads.NOWHERE,
    "/static/": Leads.TO_PUBLIC_FILES,
    "= /dicom-web/studies": Leads.TO_ORTHANC,
    "~ ^/dicom-web/studies/[0-9.]+$": Leads.TO_ORTHANC,
    "~ ^/dicom-web/(studies/[0-9.]+/(series/[0-9.]+/)?)?(series|instances)$": Leads.TO_ORTHANC,
    r"~ ^/dicom-web/studies/(?P<p_study>[0-9.]+)/series/(?P<p_series>[0-9.]+)/instances/(?P<p_instance>[0-9.]+)/frames/(?P<p_frame>[0-9,]+)$": (
        Leads.TO_ORTHANC
    ),
    r"~ ^/dicom-web/studies/(?P<p_study>[0-9.]+)/series/(?P<p_series>[0-9.]+)/metadata$": Leads.TO_ORTHANC,
    r"~ ^/dicom-web/studies/(?P<p_study>[0-9.]+)/series/(?P<p_series>[0-9.]+)/instances/(?P<p_instance>[0-9.]+)/thumbnail$": Leads.TO_ORTHANC,
    r"~ ^/dicom-web/studies/(?P<p_study>[0-9.]+)/series/(?P<p_series>[0-9.]+)/instances/(?P<p_instance>[0-9.]+)/frames/(?P<p_frame>[0-9]+)/picture$": (
        Leads.TO_ORTHANC
    ),
    r"~ ^/dicom-web/studies/(?P<p_study>[0-9.]+)/series/(?P<p_series>[0-9.]+)/pictures$": Leads.TO_ORTHANC,
    "~ ^/dicom-web/studies/[0-9.]+/(series/[0-9.]+/)?(rendered|thumbnail)$": Leads.TO_ORTHANC,
    "@why_no_picture": Leads.NOWHERE,
    "@stored_frames": Leads.NOWHERE,
    "@stored_metadata": Leads.NOWHERE,
    "@stored_thumbnail": Leads.NOWHERE,
    "~ ^/dicom-web/studies/.*/metadata$": Leads.TO_ORTHANC,
    "~ ^/dicom-web/.*/(rendered|thumbnail)$": Leads.TO_ORTHANC,
    "/dicom-web/": Leads.TO_ORTHANC,
    "= /wado": Leads.TO_ORTHANC,
    "/viewer/": Leads.TO_PUBLIC_FILES,
    r"~ ^/viewer/((?:8097|polySeg)\.bundle\.[0-9a-f]+\.js)$": Leads.TO_PUBLIC_FILES,
    "~ ^/viewer/(viewer|notfoundstudy|notfoundserver)$": Leads.TO_PUBLIC_FILES,
    r"~ ^/viewer/(app-config|bringing|earlier|first_frames|hanging|key_images|opening|reading|windows|zh)\.js$": Leads.TO_PUBLIC_FILES,
    "~ ^/viewer/?$": Leads.NOWHERE,
}


class RouteWithoutPolicy(Exception):
    """Somebody added a route and did not say who may use it."""


def check_policies(app: Flask) -> None:
    """Hold the table to the application.

    Raises
    ------
    RouteWithoutPolicy
        An endpoint has no line, or a line no endpoint.
    """
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    if endpoints != POLICIES.keys():
        names = ", ".join(sorted(endpoints ^ POLICIES.keys()))
        raise RouteWithoutPolicy(f"portal/route_policy.py must have one line for each endpoint and no other; look at: {names}")
