# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the documents and the container files say is held to the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import json5
import pytest

from cloudfilm.db import job_queue
from cloudfilm.errors import SettingInvalid
from cloudfilm.settings import SECTION, load_settings, parse_settings
from cloudfilm.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def section() -> dict[str, str]:
    text = re.sub(r"\$\{\w+(?::-([^{}]*))?\}", lambda match: match[1] or "", (ROOT / "orthanc.json").read_text(encoding="utf-8"))
    found: dict[str, str] = json5.loads(text)[SECTION]
    return found


def test_the_settings_table_names_every_setting_with_its_variable_and_no_other() -> None:
    table = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (ROOT / "docs/settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    used = re.findall(r'"(\w+)": "\$\{(CLOUDFILM_\w+):-', (ROOT / "orthanc.json").read_text(encoding="utf-8").split(f'"{SECTION}": {{')[1])
    assert sorted(table) == sorted(used)


def test_the_shipped_settings_are_valid() -> None:
    assert load_settings(ROOT / "orthanc.json", {}).public_url == "https://localhost:8443"


@pytest.mark.parametrize(
    ("name", "value"),
    [("SessionHours", "0"), ("SessionHours", "twelve"), ("PublicUrl", "http://x"), ("PublicUrl", "https://x/path"), ("TimeZone", "Mars"),
     ("StampCorner", "middle"), ("StampCorner", ""), ("DatabaseUri", None), ("Misspelt", "1")],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named_with_what_is_allowed(name: str, value: str | None) -> None:
    with pytest.raises(SettingInvalid) as caught:
        parse_settings(section() | {name: value})  # type: ignore[dict-item]
    assert name in caught.value.public_message
    assert "allowed is" in caught.value.public_message


def test_the_readme_links_to_documents_and_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", readme) + re.findall(r"\bscripts/\w+", readme):
        assert (ROOT / path).exists(), path


def test_every_file_that_the_dockerfile_copies_exists() -> None:
    for source in re.findall(r"^COPY (?!--)(\S+)", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE):
        assert (ROOT / source).exists(), source


def test_compose_sets_only_variables_that_something_reads() -> None:
    known = (ROOT / "orthanc.json").read_text(encoding="utf-8") + (ROOT / "machine/container.py").read_text()
    compose = (ROOT / "docker/compose.yml").read_text()
    for variable in re.findall(r"^    (CLOUDFILM_\w+):", compose, re.MULTILINE):
        assert variable in known, variable


def test_the_worker_knows_every_task_that_is_queued() -> None:
    worker = (ROOT / "orthanc_plugins/cloudfilm/jobs/worker.py").read_text()
    for name in ("READ_REPORT", "RECORD_STUDY", "RETURN_STAMPED", "TAKE_DICOM_REPORT", "KEEP_REPORT"):
        assert hasattr(job_queue, name)
        assert f"name={name}" in worker


@pytest.mark.parametrize("server", ["tls://log.example.org:6514", "udp://10.0.0.5:514", "tcp://[2001:db8::1]:601", ""])
def test_a_syslog_server_may_be_named(server: str) -> None:
    assert parse_settings(section() | {"AuditSyslog": server}).audit_syslog == server


@pytest.mark.parametrize("server", ["log.example.org", "tls://log.example.org", "http://h:1", "tcp://h:99999", "udp://h:514/path", None])
def test_what_is_no_syslog_server_is_refused(server: str | None) -> None:
    with pytest.raises(SettingInvalid, match="AuditSyslog"):
        parse_settings(section() | {"AuditSyslog": server})  # type: ignore[dict-item]


def test_a_certificate_file_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(SettingInvalid, match="AuditSyslogCaFile"):
        parse_settings(section() | {"AuditSyslogCaFile": "/nowhere.pem"})


def test_the_version_that_gateways_tell_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
