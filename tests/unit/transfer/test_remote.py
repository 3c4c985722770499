# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the cloud may do on a gateway, and what not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloudfilm.gateway_settings import parse_speed_limits
from cloudfilm.settings import load_settings
from cloudfilm.transfer.maintenance import Maintenance
from cloudfilm.transfer.remote import Remote

APP = Path(__file__).resolve().parents[3]
ORDER = {"settings": {"order": "1", "speed_limits": "07:00-19:00=20", "keep_days": 3}, "log": "2"}


class Cloud:
    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []

    def hand_over_log(self, told: dict[str, Any]) -> None:
        self.given.append(told)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    own = replace(load_settings(APP / "orthanc.json", {}).gateway, keep_days=14, speed_limits=())
    return Remote(tmp_path / "remote.json", own, lambda: 1000.0)


def test_without_consent_the_cloud_gets_no_log_and_sets_nothing(remote: Remote) -> None:
    cloud = Cloud()
    Maintenance(remote, cloud, lambda: "log").follow(ORDER)  # type: ignore[arg-type]
    assert cloud.given == []
    assert (remote.keep_days(), remote.speed_limits()) == (14, ())


def test_with_consent_it_does_both_and_at_its_end_the_gateways_own_settings_hold_again(remote: Remote, tmp_path: Path) -> None:
    cloud = Cloud()
    remote.give()
    Maintenance(remote, cloud, lambda: "log").follow(ORDER)  # type: ignore[arg-type]
    assert cloud.given == [{"asked": "2", "text": "log"}]
    assert (remote.keep_days(), remote.speed_limits()) == (3, parse_speed_limits("07:00-19:00=20"))
    after_a_start = Remote(tmp_path / "remote.json", load_settings(APP / "orthanc.json", {}).gateway, lambda: 1000.0)
    assert after_a_start.keep_days() == 3
    remote.end()
    assert (remote.keep_days(), remote.speed_limits()) == (14, ())
    remote.give()
    assert remote.keep_days() == 14


@pytest.mark.parametrize(
    "settings",
    [
        {"speed_limits": "nonsense", "keep_days": None},
        {"speed_limits": 5, "keep_days": None},
        {"speed_limits": None, "keep_days": -1},
        {"speed_limits": None, "keep_days": True},
        {"speed_limits": None, "keep_days": 4000},
    ],
)
def test_what_cannot_be_set_is_refused_with_its_reason_and_changes_nothing(remote: Remote, settings: dict[str, Any]) -> None:
    remote.give()
    Maintenance(remote, Cloud(), lambda: "").follow({"settings": {"order": "7", **settings}})  # type: ignore[arg-type]
    assert (remote.keep_days(), remote.speed_limits()) == (14, ())
    assert remote.consent.settings_order == "7"
    assert remote.consent.settings_refused
