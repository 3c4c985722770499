# SPDX-License-Identifier: AGPL-3.0-or-later
"""A share: the grant that a patient makes from their own and passes on as a link. Pure.

Whatever was wished for, it reaches no more, allows no more, shows no more names and lasts no longer than the grant that it is made from.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cloudfilm.access.grant import Grant, GrantKind, Right
from cloudfilm.errors import BadRequest

LONGEST_NICKNAME = 60
MOST_DAYS = 90
DEFAULT_DAYS = 7
MOST_OPENINGS = 1000
MOST_OPEN_SHARES = 50
_MOST_STUDIES = 100


class Flaw(StrEnum):
    """What is wrong with a wish."""

    MEMBERS = "members"
    NICKNAME = "nickname"
    DAYS = "days"
    OPENINGS = "openings"
    CHOICE = "choice"
    STUDIES = "studies"
    DOWNLOAD_WITHOUT_REPORT = "download without report"
    DOWNLOAD_WITH_HIDDEN_NAMES = "download with hidden names"
    RIGHTS = "rights"
    TOO_MANY = "too many"


_SAID = {
    Flaw.MEMBERS: "The body must be a JSON object with nickname and, if wanted, days, maximum_openings, report, download, hide_names, studies.",
    Flaw.NICKNAME: f"nickname must be a text of 1 to {LONGEST_NICKNAME} characters on one line.",
    Flaw.DAYS: f"days must be a whole number from 1 to {MOST_DAYS}.",
    Flaw.OPENINGS: f"maximum_openings must be a whole number from 1 to {MOST_OPENINGS}, or left out.",
    Flaw.CHOICE: "report, download and hide_names must be true or false.",
    Flaw.STUDIES: "studies must be a list of StudyInstanceUIDs that you can see yourself, at least one of them with a report.",
    Flaw.DOWNLOAD_WITHOUT_REPORT: "download needs report: the original images and documents may hold the report.",
    Flaw.DOWNLOAD_WITH_HIDDEN_NAMES: "download and hide_names exclude each other: original images and documents hold names.",
    Flaw.RIGHTS: "A link cannot allow more than you may do yourself.",
    Flaw.TOO_MANY: f"At most {MOST_OPEN_SHARES} links can be open at a time. Revoke one that is no longer needed.",
}


class ShareRefused(BadRequest):
    """A share that cannot be made.

    Attributes
    ----------
    flaw : Flaw
        What was wrong, for a page that says it in the reader's language.
    """

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(_SAID[flaw])
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class ShareWish:
    """What the patient asks for. ``studies`` None means the exam that is looked at."""

    nickname: str
    days: int = DEFAULT_DAYS
    maximum_openings: int | None = None
    report: bool = True
    download: bool = False
    hide_names: bool = False
    studies: frozenset[str] | None = None

    @classmethod
    def from_json(cls, body: object) -> ShareWish:
        """Read a wish.

        Raises
        ------
        ShareRefused
            It is malformed.
        """
        if not isinstance(body, Mapping) or not body.keys() <= set(cls.__dataclass_fields__):
            raise ShareRefused(Flaw.MEMBERS)
        openings = body.get("maximum_openings")
        return cls(
            nickname=_nickname(body.get("nickname")),
            days=_number(body.get("days", DEFAULT_DAYS), MOST_DAYS, Flaw.DAYS),
            maximum_openings=None if openings is None else _number(openings, MOST_OPENINGS, Flaw.OPENINGS),
            report=_choice(body.get("report", True)),
            download=_choice(body.get("download", False)),
            hide_names=_choice(body.get("hide_names", False)),
            studies=_studies(body.get("studies")),
        )

    @property
    def rights(self) -> frozenset[Right]:
        """What the link would allow; never to share on."""
        asked = {Right.IMAGES: True, Right.REPORT: self.report, Right.DOWNLOAD: self.download}
        return frozenset(right for right, wanted in asked.items() if wanted)


def make_share(parent: Grant, wish: ShareWish, report_id: UUID, grant_id: UUID, now: datetime) -> Grant:
    """The grant for a link.

    Parameters
    ----------
    report_id : UUID
        The exam that the link is for first; images that come later for it are in the link too.

    Raises
    ------
    ShareRefused
        The wish exceeds the parent, or contradicts itself.
    """
    hides_names = wish.hide_names or not parent.shows_names
    if wish.download and not wish.report:
        raise ShareRefused(Flaw.DOWNLOAD_WITHOUT_REPORT)
    if wish.download and hides_names:
        raise ShareRefused(Flaw.DOWNLOAD_WITH_HIDDEN_NAMES)
    if not wish.rights | {Right.SHARE} <= parent.rights:
        raise ShareRefused(Flaw.RIGHTS)
    if report_id not in parent.reached_reports or not (wish.studies or frozenset()) <= parent.reached_studies:
        raise ShareRefused(Flaw.STUDIES)
    ends = [grant.expires_at for grant in parent.line() if grant.expires_at is not None]
    return Grant(
        grant_id=grant_id,
        hospital_id=parent.hospital_id,
        kind=GrantKind.SHARE,
        rights=wish.rights,
        created_at=now,
        report_id=report_id,
        study_instance_uids=wish.studies or frozenset(),
        report_ids=frozenset({report_id}),
        hides_names=hides_names,
        expires_at=min([now + timedelta(days=wish.days), *ends]),
        maximum_openings=wish.maximum_openings,
        nickname=wish.nickname,
        parent=parent,
    )


class ShareState(StrEnum):
    """Whether a link still opens."""

    OPEN = "open"
    USED_UP = "used up"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(share: Grant, now: datetime) -> ShareState:
    """The state of a link. One that is used up opens no new visit; those that have begun go on."""
    if any(grant.revoked_at is not None for grant in share.line()):
        return ShareState.REVOKED
    if not share.is_open(now):
        return ShareState.EXPIRED
    if share.maximum_openings is not None and share.openings >= share.maximum_openings:
        return ShareState.USED_UP
    return ShareState.OPEN


def _nickname(value: object) -> str:
    if not isinstance(value, str) or any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value.strip()):
        raise ShareRefused(Flaw.NICKNAME)
    nickname = " ".join(value.split())
    if not 1 <= len(nickname) <= LONGEST_NICKNAME:
        raise ShareRefused(Flaw.NICKNAME)
    return nickname


def _number(value: object, most: int, flaw: Flaw) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ShareRefused(flaw)
    return value


def _choice(value: object) -> bool:
    if not isinstance(value, bool):
        raise ShareRefused(Flaw.CHOICE)
    return value


def _studies(value: object) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_STUDIES or not all(isinstance(one, str) for one in value):
        raise ShareRefused(Flaw.STUDIES)
    return frozenset(value)
