# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings of the identity provider that cannot be meant are refused at the start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import json5
import pytest

from cloudfilm.doors.staff_sign_in import read_client_secret
from cloudfilm.errors import SettingInvalid
from cloudfilm.settings import SECTION, Settings, parse_settings

ROOT = Path(__file__).resolve().parents[3]


def parsed(**changed: Any) -> Settings:
    text = re.sub(r"\$\{\w+(?::-([^{}]*))?\}", lambda match: match[1] or "", (ROOT / "orthanc.json").read_text(encoding="utf-8"))
    return parse_settings(json5.loads(text)[SECTION] | changed)


def test_there_is_no_provider_unless_one_is_named() -> None:
    settings = parsed()
    assert (settings.oidc_issuer, settings.oidc_client_secret_file, settings.oidc_link_by_login) == ("", None, False)


@pytest.mark.parametrize(
    "issuer", ["https://id.hospital.cn", "https://id.hospital.cn/realms/x/", "http://localhost:9000", "http://127.0.0.1:9000"]
)
def test_an_issuer_is_kept_letter_by_letter(issuer: str) -> None:
    assert parsed(OidcIssuer=issuer, OidcAudience="api").oidc_issuer == issuer


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("OidcIssuer", {"OidcIssuer": "http://id.hospital.cn"}),
        ("OidcIssuer", {"OidcIssuer": "https://user@id.hospital.cn"}),
        ("OidcIssuer", {"OidcIssuer": "https://id.hospital.cn/?tenant=x"}),
        ("OidcIssuer", {"OidcIssuer": "id.hospital.cn"}),
        ("OidcIssuer", {"OidcIssuer": "http://localhost.evil.cn"}),
        ("OidcClientId", {"OidcIssuer": "https://id.hospital.cn"}),
        ("OidcClientId", {"OidcIssuer": "https://id.hospital.cn", "OidcAudience": "same", "OidcClientId": "same"}),
        ("OidcHospitalClaim", {"OidcHospitalClaim": ""}),
        ("OidcLinkByLogin", {"OidcLinkByLogin": "perhaps"}),
        ("OidcAudience", {"OidcAudience": None}),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_named(name: str, changed: dict[str, Any]) -> None:
    with pytest.raises(SettingInvalid) as caught:
        parsed(**({"OidcAudience": ""} | changed))
    assert caught.value.setting == name


def test_the_clients_secret_is_read_from_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    assert read_client_secret(file) == "s3cret"
    assert read_client_secret(None) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_secret_that_others_may_read_is_refused_and_not_shown(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret")
    file.chmod(mode)
    with pytest.raises(SettingInvalid) as caught:
        read_client_secret(file)
    assert "0600" in caught.value.public_message
    assert "s3cret" not in caught.value.public_message


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", None])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    with pytest.raises(SettingInvalid):
        read_client_secret(file)
