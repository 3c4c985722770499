# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API's description names what the portal answers, no more and no less."""

from __future__ import annotations

import re
from typing import Any

from cloudfilm.reports.fields import ReportFields
from portal.openapi.description import document, examples, operations, resolved
from tests.support.portal_routes import portal_application


def routes() -> set[tuple[str, str]]:
    found = set()
    for rule in portal_application().url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
            found |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return found


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [part["$ref"]] if "$ref" in part else [one for value in part.values() for one in references(value)]
    return [one for value in part for one in references(value)] if isinstance(part, list) else []


def test_every_route_is_described_and_every_description_has_its_route() -> None:
    described = {(one.method, one.path) for one in operations() if one.path.startswith("/api/")}
    assert described == routes()


def test_every_reference_leads_somewhere() -> None:
    found = references(document())
    assert len(found) > 50
    for one in found:
        assert resolved({"$ref": one})


def test_the_fields_are_the_reports() -> None:
    assert document()["components"]["schemas"]["Fields"]["properties"].keys() == ReportFields.__dataclass_fields__.keys()


def test_every_operation_needs_a_credential_but_those_that_show_nobodys_data() -> None:
    assert {one.path for one in operations() if not one.credentials} == {
        "/api/v1/access", "/api/v1/gateways/pair", "/api/v1/health", "/api/v1/openapi.json",
    }  # fmt: skip


def test_examples_have_a_title_and_name_no_address() -> None:
    assert len(examples()) >= 6
    for example in examples():
        assert example.title.endswith(".")
        assert "localhost" not in example.code
        assert "Bearer" in example.code
