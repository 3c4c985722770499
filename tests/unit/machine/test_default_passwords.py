# SPDX-License-Identifier: AGPL-3.0-or-later
"""No start with a password that everybody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine.default_passwords import check_passwords
from machine.installation import CannotStart

ORTHANC_JSON = Path(__file__).resolve().parents[3] / "orthanc.json"
GOOD = "k3m9x-qxf2t-8bw4n"


def changed(tmp_path: Path, before: str, after: str) -> Path:
    text = ORTHANC_JSON.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "orthanc.json"
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


@pytest.mark.parametrize("variable", ["CLOUDFILM_DATABASE_URI", "CLOUDFILM_INDEX_URI"])
@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://app:orthanc@db/cloudfilm",
        "postgresql://postgres:postgres@db/cloudfilm",
        "postgresql://somebody:Somebody@db/cloudfilm",
        "postgresql://app@db/cloudfilm?password=changeme",
        "host=db dbname=cloudfilm user=app password=admin",
        "postgresql://app:%63hangeme@db/cloudfilm",
    ],
)
def test_a_default_password_of_postgresql_stops_the_start(variable: str, uri: str) -> None:
    with pytest.raises(CannotStart, match=variable) as caught:
        check_passwords({variable: uri}, ORTHANC_JSON)
    assert "changeme" not in str(caught.value)


def test_so_does_one_in_the_environment_of_libpq() -> None:
    with pytest.raises(CannotStart, match="PGPASSWORD"):
        check_passwords({"PGPASSWORD": "password"}, ORTHANC_JSON)


@pytest.mark.parametrize("password", ["orthanc", "alicePassword", "alice", "${ORTHANC_PASSWORD:-admin}"])
def test_a_default_password_of_an_orthanc_user_stops_the_start(tmp_path: Path, password: str) -> None:
    path = changed(tmp_path, '"Name": "CloudFilm",', f'"Name": "CloudFilm", "RegisteredUsers": {{"alice": "{password}"}},')
    with pytest.raises(CannotStart, match=r"'alice'.*RegisteredUsers"):
        check_passwords({}, path)


def test_a_default_password_in_orthanc_json_stops_the_start(tmp_path: Path) -> None:
    path = changed(tmp_path, '"EnableStorage": false,', '"EnableStorage": false, "Username": "x", "Password": "postgres",')
    with pytest.raises(CannotStart, match=r'"Password" of orthanc\.json'):
        check_passwords({}, path)


def test_what_is_shipped_and_passwords_of_ones_own_start(tmp_path: Path) -> None:
    check_passwords({}, ORTHANC_JSON)
    check_passwords({"CLOUDFILM_DATABASE_URI": f"postgresql://app:{GOOD}@db/cloudfilm", "PGPASSWORD": GOOD}, ORTHANC_JSON)
    check_passwords(
        {"ORTHANC_PASSWORD": GOOD}, changed(tmp_path, '"Name":', '"RegisteredUsers": {"a": "${ORTHANC_PASSWORD:-admin}"}, "Name":')
    )
