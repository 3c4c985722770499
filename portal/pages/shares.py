# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's links for others: the list, the form, the new link, which is shown once, and ending one."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from cloudfilm.access.grant import Grant, Right
from cloudfilm.access.share import (
    DEFAULT_DAYS,
    LONGEST_NICKNAME,
    MOST_OPEN_SHARES,
    MOST_OPENINGS,
    Flaw,
    ShareRefused,
    ShareState,
    ShareWish,
    state_of,
)
from cloudfilm.reports.qr_code import qr_png
from portal.exam_record import load_exam
from portal.pages.exam import visited
from portal.services import services
from portal.shares import end_share, own_share, own_shares, share_exam, sharing_patient

shares = Blueprint("shares_pages", __name__)
_DAYS = (1, 3, 7, 14, 30, 90)


@dataclass(frozen=True, slots=True)
class ShareView:
    """A link in the list: times are the hospital's, ready to be shown."""

    share_id: UUID
    nickname: str
    state: ShareState
    until: str
    openings: int
    maximum_openings: int | None
    last_used: str
    report: bool
    download: bool
    hides_names: bool


@shares.get("/shares")
def show_shares() -> Response:
    """Every link that was made, newest first."""
    if (elsewhere := _to_consent()) is not None:
        return elsewhere
    listed = [_view(share) for share in own_shares(sharing_patient())]
    return _page("shares.html", shares=listed)


@shares.get("/shares/new")
def show_share_form() -> Response:
    """What the link shall allow, with defaults that suit a visit to another doctor."""
    return _to_consent() or _form({"days": str(DEFAULT_DAYS), "report": "yes"}, flaw=None)


@shares.post("/shares/new")
def take_share_form() -> Response:
    """The page with the new link: it is shown this once. What was wrong is said beside the form."""
    if (elsewhere := _to_consent()) is not None:
        return elsewhere
    holder = sharing_patient()
    exam = load_exam(holder.grant)
    try:
        made = share_exam(holder, _wish([study.study_instance_uid for study in exam.studies]), exam.report.report_id)
    except ShareRefused as refused:
        given = {
            name: request.form.get(name, "")[:200] for name in ("nickname", "days", "maximum_openings", "report", "download", "hide_names")
        }
        return _form(given, flaw=refused.flaw)
    picture = base64.b64encode(qr_png(made.qr_url)).decode("ascii")
    return _page("share_made.html", share=_view(made.share), link=made.link, qr_code=f"data:image/png;base64,{picture}")


@shares.get("/shares/<uuid:share_id>/end")
def ask_to_end(share_id: UUID) -> Response:
    """Ask once more."""
    return _to_consent() or _page("share_end.html", share=_view(own_share(sharing_patient(), share_id)))


@shares.post("/shares/<uuid:share_id>/end")
def take_end(share_id: UUID) -> Response:
    """The link opens nothing any more."""
    end_share(sharing_patient(), share_id)
    return _uncached(Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/shares"}))


def _to_consent() -> Response | None:
    """Whoever has not accepted the disclaimer yet is asked first."""
    return None if visited().consented else _uncached(Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/exam"}))


def _form(given: dict[str, str], flaw: Flaw | None) -> Response:
    holder = sharing_patient()
    view, _ = load_exam(holder.grant).view(holder)
    # While the exam that is looked at has no images, the link follows its report alone.
    others = [one for one in view.others if one.study_instance_uid] if view.study_instance_uid else []
    chosen = set(request.form.getlist("studies"))
    response = _page(
        "share_form.html", exam=view, others=others, chosen=chosen, given=given, flaw=flaw, days=_DAYS,
        longest_nickname=LONGEST_NICKNAME, most_openings=MOST_OPENINGS, most_shares=MOST_OPEN_SHARES,
    )  # fmt: skip
    response.status_code = HTTPStatus.OK if flaw is None else HTTPStatus.BAD_REQUEST
    return response


def _wish(looked_at: list[str]) -> ShareWish:
    """The form as the same values that programs send."""
    form = request.form
    body: dict[str, object] = {name: form.get(name) == "yes" for name in ("report", "download", "hide_names")}
    body["nickname"] = form.get("nickname", "")
    for name in ("days", "maximum_openings"):
        text = form.get(name, "").strip()
        if text:
            body[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    others = form.getlist("studies")
    if others and looked_at:
        body["studies"] = [*looked_at, *others]
    return ShareWish.from_json(body)


def _view(share: Grant) -> ShareView:
    zone = services().settings.time_zone
    return ShareView(
        share_id=share.grant_id,
        nickname=share.nickname,
        state=state_of(share, services().clock()),
        until=f"{share.expires_at.astimezone(zone):%Y-%m-%d %H:%M}" if share.expires_at else "",
        openings=share.openings,
        maximum_openings=share.maximum_openings,
        last_used=f"{share.last_used_at.astimezone(zone):%Y-%m-%d %H:%M}" if share.last_used_at else "",
        report=Right.REPORT in share.rights,
        download=Right.DOWNLOAD in share.rights,
        hides_names=share.hides_names,
    )


def _page(template: str, **values: object) -> Response:
    return _uncached(Response(render_template(template, **values)))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
