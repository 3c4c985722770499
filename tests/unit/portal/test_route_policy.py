# SPDX-License-Identifier: AGPL-3.0-or-later
"""A route that nobody decided about does not start."""

from __future__ import annotations

from typing import cast

import pytest

from portal.app import create_app
from portal.route_policy import POLICIES, RouteWithoutPolicy, check_policies
from portal.services import Services
from tests.support.portal_routes import portal_application


def test_every_endpoint_has_a_policy() -> None:
    check_policies(portal_application())


def test_a_new_route_without_a_policy_is_refused() -> None:
    app = portal_application()
    app.add_url_rule("/new", endpoint="new", view_func=lambda: "")
    with pytest.raises(RouteWithoutPolicy, match="look at: new"):
        check_policies(app)


def test_a_policy_without_its_route_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(POLICIES, "gone.away", POLICIES["health.show_health"])
    with pytest.raises(RouteWithoutPolicy, match=r"look at: gone\.away"):
        create_app(cast(Services, portal_application().extensions["cloudfilm"]))
