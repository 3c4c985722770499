# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every route of a running instance, read from its parts: nginx's configuration, the portal's map, Orthanc and its plugins.

Nothing here is a list of routes. What a route takes as parameters is filled with one real exam.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import crossplane
from flask import Flask
from werkzeug.exceptions import HTTPException

from cloudfilm.access.orthanc_rules import is_portal, orthanc_request
from cloudfilm.access.policy import Action
from portal.route_policy import CLOSED, LOCATIONS, POLICIES, PUBLIC, Leads, RoutePolicy, decided
from tests.support.exam_of_hospital import Exam
from tests.support.instance import Instance
from tests.support.path_samples import paths_of_expression, with_values

METHODS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True)
class Route:
    """One address at one door, with who may use it."""

    part: str
    method: str
    address: str
    policy: RoutePolicy
    target: Exam

    @property
    def names_target(self) -> bool:
        """Whether the exam is named in the address."""
        return any(mark in self.address for mark in (*self.target.marks, *self.target.orthanc_ids.values()))


class RouteMap:
    """Reads the routes.

    Parameters
    ----------
    app : Flask
        The portal's application, for its map.
    parameters : dict
        Values for the parameters of the portal's rules, by name.
    """

    def __init__(self, app: Flask, target: Exam, parameters: dict[str, object]) -> None:
        self._app, self._target, self._parameters = app, target, parameters
        self._uids = {
            "studies": target.study_instance_uid,
            "series": target.series_instance_uid,
            "instances": target.sop_instance_uid,
            "frames": "1",
            "bulk": "00100010",
            "dicom-web": f"studies/{target.study_instance_uid}",
        }
        self._orthanc_ids = {**target.orthanc_ids, "frames": "0", "attachments": "dicom", "metadata": "RemoteAET"}

    def of_nginx(self, instance: Instance, folder: Path) -> list[Route]:
        """A route for each method of every location; a location that is not in the portal's table of them fails."""
        routes = []
        for location in nginx_locations(instance, folder):
            leads = LOCATIONS[location]
            for address in self._addresses_of_location(location):
                for method in METHODS:
                    policy = {Leads.TO_PUBLIC_FILES: PUBLIC, Leads.NOWHERE: CLOSED}.get(leads) or self.policy_at_public_door(
                        method, address
                    )
                    routes.append(self._route("nginx", method, address, policy))
        return routes

    def of_portal(self, prefix: str = "") -> list[Route]:
        """The portal's rules with their methods; ``/portal`` is where Orthanc has them."""
        routes = []
        adapter = self._app.url_map.bind("localhost")
        for rule in self._app.url_map.iter_rules():
            for values in self._values_of(rule):
                address = prefix + adapter.build(rule.endpoint, values, append_unknown=False, method=_first_method(rule))
                if rule.endpoint.endswith(("open_by_qr", "open_by_shared_link")):
                    address = prefix + rule.rule.replace("<secret>", str(values["secret"]))
                routes += [
                    self._route("portal", method, address, POLICIES[rule.endpoint])
                    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
                ]
        return routes

    def of_orthanc(self, core: list[tuple[str, str]], at_public_door: bool) -> list[Route]:
        """Orthanc's own."""
        policy = self.policy_at_public_door if at_public_door else self.policy_behind_nginx
        filled = [(method, with_values(path, self._orthanc_ids)) for method, path in core]
        return [self._route("Orthanc", method, address, policy(method, address)) for method, address in filled]

    def of_plugins(self, expressions: list[str], at_public_door: bool) -> list[Route]:
        """DICOMweb's, WADO's and ours, with every method."""
        policy = self.policy_at_public_door if at_public_door else self.policy_behind_nginx
        addresses = sorted({self._with_query(path) for expression in expressions for path in self._paths_of_plugin(expression)})
        return [self._route("plugins", method, address, policy(method, address)) for address in addresses for method in METHODS]

    def policy_at_public_door(self, method: str, address: str) -> RoutePolicy:
        """What a path is at nginx: the portal's where it has one, else Orthanc's."""
        policy = self._policy_of_portal(method, urlsplit(address).path) or self._policy_of_orthanc(method, address)
        # nginx sends whoever may not see names, or not the report, to the portal for cleaned ones.
        return decided(Action.READ_METADATA, instead=Action.READ_CLEANED_METADATA) if policy.action is Action.READ_METADATA else policy

    def policy_behind_nginx(self, method: str, address: str) -> RoutePolicy:
        """What a path is at Orthanc's own port."""
        path = urlsplit(address).path
        if is_portal(path):
            return self._policy_of_portal(method, path.removeprefix("/portal") or "/") or CLOSED
        return self._policy_of_orthanc(method, address)

    def _policy_of_portal(self, method: str, path: str) -> RoutePolicy | None:
        try:
            endpoint, _ = self._app.url_map.bind("localhost").match(path, method)
        except HTTPException:
            return None
        return POLICIES[endpoint]

    def _policy_of_orthanc(self, method: str, address: str) -> RoutePolicy:
        parts = urlsplit(address)
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair)
        action = orthanc_request(method, parts.path, query).action
        return CLOSED if action is Action.ADMINISTER else decided(action)

    def _addresses_of_location(self, location: str) -> list[str]:
        modifier, _, pattern = location.rpartition(" ")
        if modifier.startswith("~"):
            return [
                path + ("sample" if path.endswith("/") and path != "/viewer/" else "") for path in paths_of_expression(pattern, self._uids)
            ]
        if modifier == "=":
            return [self._with_query(pattern)]
        return [pattern, f"{pattern}sample"] if pattern.endswith("/") else [f"/{pattern}"]

    def _paths_of_plugin(self, expression: str) -> list[str]:
        values = self._uids if expression.startswith("/dicom-web") else self._orthanc_ids
        return [path for path in paths_of_expression(expression, values) if path]

    def _with_query(self, path: str) -> str:
        if path != "/wado":
            return path
        exam = self._target
        asked = {"requestType": "WADO", "studyUID": exam.study_instance_uid, "seriesUID": exam.series_instance_uid}
        return f"/wado?{urlencode(asked | {'objectUID': exam.sop_instance_uid})}"

    def _values_of(self, rule: Any) -> list[dict[str, Any]]:
        """Parameters of a rule: every value of a closed set, else the real exam's; a name that is not known here fails."""
        found: list[dict[str, Any]] = [{}]
        for name in rule.arguments:
            values = sorted(getattr(rule._converters[name], "items", ())) or [self._parameters[name]]
            found = [{**known, name: value} for known in found for value in values]
        return found

    def _route(self, part: str, method: str, address: str, policy: RoutePolicy) -> Route:
        return Route(part, method, address, policy, self._target)


def nginx_locations(instance: Instance, folder: Path) -> list[str]:
    """Every location of the configuration that nginx runs with, as it is written there."""
    sources = [instance.data / "run/nginx.conf", *(instance.data / "run/nginx").iterdir()]
    text_of = {path.name: path.read_text(encoding="utf-8") for path in sources}
    (folder / "nginx").mkdir(parents=True, exist_ok=True)
    for name, text in text_of.items():
        # Inside its own mount namespace the instance's data folder has the one place that everything has.
        moved = text.replace("/var/lib/cloudfilm/run/", f"{folder}/")
        (folder / ("" if name == "nginx.conf" else "nginx") / name).write_text(moved, encoding="utf-8")
    parsed = crossplane.parse(str(folder / "nginx.conf"), combine=True)
    assert parsed["status"] == "ok", parsed["errors"]
    return [" ".join(found) for found in _locations(parsed["config"][0]["parsed"])]


def _locations(directives: list[dict[str, Any]]) -> list[list[str]]:
    found = []
    for directive in directives:
        if directive["directive"] == "location":
            found.append(directive["args"])
        found += _locations(directive.get("block", []))
    return found


def _first_method(rule: Any) -> str:
    return str(min(rule.methods - {"HEAD", "OPTIONS"}))
