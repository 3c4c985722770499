# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a patient says is wrong with an exam: taken with its event in the audit trail, a few a day for each paper."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.grants import lock_grant
from cloudfilm.db.mistakes import Mistake, add_mistake, count_since, mistakes_of_grant
from cloudfilm.errors import BadRequest, NotFound
from portal.services import services
from portal.session import asker, new_id, require

KINDS = ("another person", "personal data", "text", "images", "other")
LONGEST_WORDS = 1000
LONGEST_CONTACT = 100
MOST_A_DAY = 5


class MistakeFlaw(StrEnum):
    """What is wrong with what was sent."""

    KIND = "kind"
    WORDS = "words"
    TOO_LONG = "too long"
    TOO_MANY = "too many"


class MistakeRefused(BadRequest):
    """It was not taken.

    Attributes
    ----------
    flaw : MistakeFlaw
        Why, for a page that says it in the reader's language.
    """

    def __init__(self, flaw: MistakeFlaw) -> None:
        super().__init__(f"The mistake was not reported: {flaw}.")
        self.flaw = flaw


def reporting_patient() -> GrantHolder:
    """The patient's visit; 401 without one, 404 for anybody else, whose try is written down."""
    wanted = AccessRequest(Action.REPORT_MISTAKE)
    holder = services().doorkeeper.would_allow(wanted, asker()) or require(wanted)
    if not isinstance(holder, GrantHolder):
        raise NotFound
    return holder


def report_mistake(holder: GrantHolder, kind: str, words: str, contact: str, report_id: UUID | None, study_instance_uid: str) -> None:
    """Take it. The same again within a day (a button that was pressed twice) changes nothing.

    Raises
    ------
    MistakeRefused
        It says too little or too much, or as many came by this paper today as may.
    """
    words, contact = plain_text(words), " ".join(plain_text(contact).split())
    if kind not in KINDS:
        raise MistakeRefused(MistakeFlaw.KIND)
    if kind == "other" and not words:
        raise MistakeRefused(MistakeFlaw.WORDS)
    if len(words) > LONGEST_WORDS or len(contact) > LONGEST_CONTACT:
        raise MistakeRefused(MistakeFlaw.TOO_LONG)
    grant, now, trail = holder.grant, services().clock(), services().audit_trail
    mistake = Mistake(new_id(), grant.hospital_id, grant.grant_id, report_id, study_instance_uid, kind, words, contact, now)
    with services().database.transaction() as cursor:
        lock_grant(cursor, grant.grant_id)
        day_ago = now - timedelta(days=1)
        if any(_is_same(mistake, known) and known.reported_at > day_ago for known in mistakes_of_grant(cursor, grant.grant_id)):
            return
        if count_since(cursor, grant.grant_id, day_ago) >= MOST_A_DAY:
            raise MistakeRefused(MistakeFlaw.TOO_MANY)
        add_mistake(cursor, mistake)
        trail.record_in(cursor, trail.event(AuditKind.MISTAKE_REPORTED, holder, asker(), detail=f"{kind}, {mistake.mistake_id}"))


def own_mistakes(holder: GrantHolder) -> list[Mistake]:
    """What was reported by this paper, newest first."""
    with services().database.transaction() as cursor:
        return mistakes_of_grant(cursor, holder.grant.grant_id)


def plain_text(text: str) -> str:
    """What somebody typed, without what no keyboard has: control characters other than the end of a line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in lines if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs")).strip()


def _is_same(one: Mistake, other: Mistake) -> bool:
    return _content(one) == _content(other)


def _content(mistake: Mistake) -> tuple[object, ...]:
    return mistake.kind, mistake.words, mistake.report_id, mistake.study_instance_uid
