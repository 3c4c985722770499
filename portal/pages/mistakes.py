# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on which a patient tells the hospital that something is wrong, and reads what became of it."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, render_template, request

from portal.exam_record import load_exam, local_time
from portal.exam_view import RESERVED
from portal.hospital_says import hospital_says
from portal.mistakes import (
    KINDS,
    LONGEST_CONTACT,
    LONGEST_WORDS,
    MOST_A_DAY,
    MistakeFlaw,
    MistakeRefused,
    own_mistakes,
    report_mistake,
    reporting_patient,
)
from portal.pages.exam import visited

mistakes = Blueprint("mistakes", __name__)


@mistakes.get("/mistake")
def show_mistakes() -> Response:
    """The form, and what was reported before."""
    return _to_consent() or _page({}, None)


@mistakes.post("/mistake")
def take_mistake() -> Response:
    """303 to the page that says that it has arrived; what is wrong with it is said beside the form."""
    if (elsewhere := _to_consent()) is not None:
        return elsewhere
    holder = reporting_patient()
    report = load_exam(holder.grant).report
    given = {name: request.form.get(name, "") for name in ("kind", "words", "contact")}
    try:
        # Of a report that has not come there is no row yet.
        report_id = None if report.status == RESERVED else report.report_id
        report_mistake(holder, given["kind"], given["words"], given["contact"], report_id, report.study_instance_uid or "")
    except MistakeRefused as refused:
        return _page({name: text[: LONGEST_WORDS * 2] for name, text in given.items()}, refused.flaw)
    return _uncached(Response(status=HTTPStatus.SEE_OTHER, headers={"Location": _address("sent=yes")}))


def _to_consent() -> Response | None:
    """Whoever has not accepted the disclaimer yet is asked first."""
    return None if visited().consented else _uncached(Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/exam"}))


def _page(given: dict[str, str], flaw: MistakeFlaw | None) -> Response:
    holder = reporting_patient()
    view, _ = load_exam(holder.grant).view(holder)
    page = render_template(
        "mistake.html", exam=view, reported=own_mistakes(holder), given=given, flaw=flaw, kinds=KINDS, moment=local_time,
        longest_words=LONGEST_WORDS, longest_contact=LONGEST_CONTACT, most=MOST_A_DAY, sent=request.args.get("sent") == "yes" and flaw is None,
        said=hospital_says(holder.grant),
    )  # fmt: skip
    response = _uncached(Response(page))
    response.status_code = HTTPStatus.OK if flaw is None else HTTPStatus.BAD_REQUEST
    return response


def _address(query: str) -> str:
    """This page, with the exam that is looked at still chosen."""
    asked = request.args.get("report")
    return f"/mistake?report={asked}&{query}" if asked else f"/mistake?{query}"


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
