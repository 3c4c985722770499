# SPDX-License-Identifier: AGPL-3.0-or-later
"""docker/compose.yml says the same as orthanc.json and as the native run's supervisor, and opens nothing that should be closed."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from docker.entrypoint.health import QUESTIONS, NotWell, refuse_parts_down

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docker/compose.yml").read_text(encoding="utf-8")
ORTHANC_JSON = (ROOT / "orthanc.json").read_text(encoding="utf-8")
CONTAINER = (ROOT / "machine/container.py").read_text(encoding="utf-8")
SUPERVISOR = (ROOT / "docker/supervisor/supervisord.conf.template").read_text(encoding="utf-8")
PARTS = {
    "postgresql": "postgresql",
    "cloudfilm": "orthanc",
    "worker": "worker",
    "intake": "intake",
    "printer": "printer",
    "nginx": "nginx",
}  # service: supervisor's program


def services() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(TEXT)
    return loaded["services"]  # type: ignore[no-any-return]


def seconds(duration: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(s|m)", duration).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]


def program(name: str) -> dict[str, str]:
    """A section of the supervisor's configuration."""
    section = re.search(rf"^\[program:{name}\]\n((?:.+\n?)+)", SUPERVISOR, re.MULTILINE)
    assert section is not None, name
    return dict(line.split("=", 1) for line in section[1].splitlines() if "=" in line and not line.startswith(";"))


def test_there_is_a_service_of_one_image_for_each_part() -> None:
    assert set(services()) == set(PARTS)
    assert {service["image"] for service in services().values()} == {"cloudfilm"}


@pytest.mark.parametrize("service", PARTS)
def test_each_starts_a_part_that_the_container_entry_knows(service: str) -> None:
    (part,) = services()[service]["command"]
    parts = re.search(r"parts = (\{.*\})", CONTAINER)
    assert parts is not None
    assert part in {key.value for key in ast.parse(parts[1], mode="eval").body.keys}  # type: ignore[attr-defined]


@pytest.mark.parametrize("service", PARTS)
def test_each_is_stopped_as_the_supervisor_stops_it(service: str) -> None:
    native = program(PARTS[service])
    assert services()[service].get("stop_signal", "SIGTERM") == f"SIG{native.get('stopsignal', 'TERM')}"
    assert seconds(services()[service].get("stop_grace_period", "10s")) == int(native["stopwaitsecs"])


@pytest.mark.parametrize("service", PARTS)
def test_each_keeps_few_rights_and_writes_only_to_volumes_and_tmp(service: str) -> None:
    described = services()[service]
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]
    assert not {"SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE"} & set(described["cap_add"])
    assert described["security_opt"] == ["no-new-privileges:true"]
    targets = [mount.split(":")[1] for mount in described["volumes"]] + [mount.split(":")[0] for mount in described["tmpfs"]]
    assert sorted(targets) == ["/tmp", "/var/lib/cloudfilm"]  # each once: Docker refuses a place that is mounted twice


def test_only_the_doors_are_published() -> None:
    published = {name: [port.rsplit(":", 1)[1] for port in service.get("ports", [])] for name, service in services().items()}
    doors = {"cloudfilm": ["4242"], "intake": ["2575", "4243", "9100-9109"], "printer": ["6310"], "nginx": ["8443", "8080"]}
    assert {name: ports for name, ports in published.items() if ports} == doors
    assert services()["postgresql"]["network_mode"] == "none"


@pytest.mark.parametrize("service", sorted(set(PARTS) - {"postgresql"}))
def test_each_is_asked_whether_it_is_well(service: str) -> None:
    assert services()[service]["healthcheck"]["test"] == ["CMD", "python", "-m", "docker.entrypoint.health", service]
    assert service in QUESTIONS


def test_nobody_touches_the_database_before_it_is_of_this_version() -> None:
    assert services()["cloudfilm"]["depends_on"]["postgresql"]["condition"] == "service_healthy"
    for service in ("worker", "nginx"):
        assert services()[service]["depends_on"]["cloudfilm"]["condition"] == "service_healthy"


def test_every_variable_is_one_that_something_reads() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docker/entrypoint").glob("*.py"))
    for service in services().values():
        for name in service["environment"]:
            assert f"${{{name}:-" in ORTHANC_JSON or f'"{name}"' in CONTAINER + code, name


def test_every_default_is_that_of_orthanc_json() -> None:
    defaults = dict(re.findall(r"\$\{(CLOUDFILM_\w+):-([^}]*)\}", ORTHANC_JSON))
    ours = dict(re.findall(r"^    (CLOUDFILM_\w+): \$\{\1:-([^}]*)\}$", TEXT, re.MULTILINE))
    assert ours
    assert ours == {name: defaults[name] for name in ours}


def test_every_setting_of_the_portal_can_be_set() -> None:
    section = ORTHANC_JSON[ORTHANC_JSON.index('"CloudFilm": {') :]
    fixed = {"CLOUDFILM_DATA"}  # the volume's place
    assert set(re.findall(r"\$\{(CLOUDFILM_\w+):-", section)) - fixed <= set(services()["worker"]["environment"])


def test_a_part_that_is_down_is_named() -> None:
    health = {"parts": {"portal": "up", "database": "down", "worker": "unknown"}}
    refuse_parts_down(health, of={"portal"})
    with pytest.raises(NotWell, match="database is down"):
        refuse_parts_down(health, of={"portal", "database"})
    with pytest.raises(NotWell, match="portal is missing"):
        refuse_parts_down({}, of={"portal"})
