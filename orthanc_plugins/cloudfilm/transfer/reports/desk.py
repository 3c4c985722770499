# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cloud as the gateway's reports know it: they are handed in, and their stamped copies are asked for and fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from cloudfilm.transfer.cloud import Cloud, LineFailure
from cloudfilm.transfer.reports.arrival import Arrival

# What the cloud will say again however often it is asked.
_REFUSED = (400, 409, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Taken:
    """It is stored there; ``report_id`` is what it became, None where it is no report, or its copy is not to be had any more."""

    report_id: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """The cloud cannot take it at the moment, or not this one."""

    reason: str


@dataclass(frozen=True, slots=True)
class CopyNews:
    """What the cloud says of a stamped copy: ready, waiting, failed or gone."""

    state: str
    reason: str


type Outcome = Taken | Refused | Later


@dataclass(frozen=True, slots=True)
class ReportDesk:
    """One connection.

    Parameters
    ----------
    clock : Callable
        Seconds since 1970.
    """

    cloud: Cloud
    clock: Callable[[], float]

    def hand_in(self, one: Arrival) -> Outcome:
        """Bring one arrival to the cloud.

        Raises
        ------
        LineFailure
            The cloud was not heard of it.
        """
        facts = {
            "station": one.station,
            "kind": one.kind.value,
            "title": one.title,
            "peer": one.peer,
            "came_seconds_ago": max(0.0, self.clock() - one.arrived_at),
        }
        files = {"content": ("content", one.content)} | (
            {"named_file": ("named_file", one.named_file)} if one.named_file is not None else {}
        )
        answer = self.cloud.ask("POST", "/api/v1/gateways/arrivals", one.size, data={"facts": json.dumps(facts)}, files=files)
        if answer.status_code in _REFUSED:
            return Refused(_detail(answer))
        if answer.status_code != requests.codes.ok:
            return Later(f"The cloud answered {answer.status_code} to a report.")
        told = _json(answer)
        match told.get("verdict"):
            case "taken" if told.get("sha256") not in (None, one.sha256):
                return Later("The cloud has stored something else than what was sent.")
            case "taken":
                return Taken(told.get("report_id"))
            case "refused":
                return Refused(str(told.get("reason", "")))
            case _:
                return Later(str(told.get("reason") or "The cloud's answer to a report cannot be read."))

    def copies(self, report_ids: Sequence[str]) -> dict[str, CopyNews]:
        """Where the stamped copies of reports are.

        Raises
        ------
        LineFailure
            The cloud was not heard of them.
        """
        answer = self.cloud.ask("POST", "/api/v1/gateways/copies", json={"report_ids": list(report_ids)})
        if answer.status_code != requests.codes.ok:
            raise LineFailure(f"The cloud answered {answer.status_code} when it was asked for stamped copies.")
        try:
            return {one["report_id"]: CopyNews(one["state"], one["reason"]) for one in _json(answer)["copies"]}
        except (KeyError, TypeError) as error:
            raise LineFailure("What the cloud says of stamped copies cannot be read.") from error

    def fetch_copy(self, report_id: str) -> bytes | None:
        """The stamped copy; None when it is not to be had (yet, or any more).

        Raises
        ------
        LineFailure
            It was not heard, or not whole.
        """
        answer = self.cloud.ask("GET", f"/api/v1/reports/{report_id}/stamped.pdf")
        if answer.status_code in (404, 410):
            return None
        if answer.status_code != requests.codes.ok or not answer.content.startswith(b"%PDF-"):
            raise LineFailure(f"The cloud answered {answer.status_code} when a stamped copy was fetched.")
        return answer.content


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError as error:
        raise LineFailure("The cloud's answer cannot be read.") from error
    return told if isinstance(told, dict) else {}


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The cloud answered {answer.status_code} to it."
