# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cleaned view's routes around what DICOMweb inside Orthanc answers: what is asked of it, and what leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from cloudfilm.access.grant import Grant, GrantKind, Right
from cloudfilm.access.holder import GrantHolder, Holder
from cloudfilm.access.policy import AccessRequest, Allow, decide
from cloudfilm.errors import NotFound
from cloudfilm.orthanc_api.internal_metadata import InternalMetadata
from cloudfilm.settings import load_settings
from portal.app import create_app
from portal.services import Services

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
SHARE = Grant(
    UUID(int=1),
    "jia",
    GrantKind.PATIENT,
    frozenset({Right.IMAGES, Right.REPORT}),
    NOW,
    study_instance_uids=frozenset({"1.2"}),
    hides_names=True,
)
STORED: dict[str, Any] = {
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
    "00080018": {"vr": "UI", "Value": ["1.2.3.4"]},
    "0008103E": {"vr": "LO", "Value": ["MZ884213 复查"]},
    "00081190": {"vr": "UR", "Value": ["http://localhost:8042/dicom-web/studies/1.2"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Wang^XiaoMing", "Ideographic": "王^小明"}]},
    "0020000D": {"vr": "UI", "Value": ["1.2"]},
    "0020000E": {"vr": "UI", "Value": ["1.2.3"]},
    "7FE00010": {"vr": "OW", "BulkDataURI": "http://localhost:8042/dicom-web/studies/1.2/bulk/7fe00010"},
}


@dataclass
class Doorkeeper:
    """The real decision for one holder, without a database."""

    holder: Holder

    def allows(self, request: AccessRequest, _asker: object) -> Holder | None:
        return self.holder if isinstance(decide(request, self.holder, NOW), Allow) else None

    def holders(self, _asker: object) -> tuple[Holder, ...]:
        return (self.holder,)


@dataclass
class Inside:
    """DICOMweb inside Orthanc: what it holds and what it was asked."""

    datasets: list[dict[str, Any]] = field(default_factory=lambda: [STORED])
    asked: list[Any] = field(default_factory=list)

    def search(self, level: str, query: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        self.asked.append((level, list(query)))
        return self.datasets

    def metadata(self, *uids: str) -> list[dict[str, Any]]:
        self.asked.append(uids)
        return self.datasets


class NoDatabase:
    """Knows no study, and one report with a number."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield None


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def client_for(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> Callable[[Grant], FlaskClient]:
    monkeypatch.setattr("portal.cleaned_view.study_with_uid", lambda *_: None)
    monkeypatch.setattr("portal.cleaned_view.fields_of_reports_of_study", lambda *_: [{"outpatient_number": "MZ884213"}])
    settings = load_settings(Path(__file__).resolve().parents[3] / "orthanc.json", {})

    def build(grant: Grant) -> FlaskClient:
        unused = cast(Any, None)
        parts = Services(
            settings=settings, database=cast(Any, NoDatabase()), index=unused, keys=unused,
            doorkeeper=cast(Any, Doorkeeper(GrantHolder(grant, consented=True, narrowed_to=frozenset({"1.2", "1.9"})))),
            audit_trail=unused, documents=unused, search=inside.search, metadata=inside.metadata, pictures=unused, study_archive=unused, clock=lambda: NOW, entropy=bytes,
        )  # fmt: skip
        return create_app(parts).test_client()

    return build


@pytest.mark.parametrize(
    ("path", "uids"),
    [
        ("/metadata", ("1.2",)),
        ("/series/1.2.3/metadata", ("1.2", "1.2.3")),
        ("/series/1.2.3/instances/1.2.3.4/metadata", ("1.2", "1.2.3", "1.2.3.4")),
    ],
)
def test_metadata_is_asked_for_at_its_level_and_leaves_cleaned(
    client_for: Callable[[Grant], FlaskClient], inside: Inside, path: str, uids: tuple[str, ...]
) -> None:
    answer = client_for(SHARE).get(f"/cleaned/dicom-web/studies/1.2{path}")
    assert inside.asked == [uids]
    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (200, "application/dicom+json", "no-store")
    assert {"00080016", "00080018", "00100010", "0020000D", "0020000E", "00120062"} <= answer.json[0].keys()
    for known in ("Wang", "王", "MZ884213", "localhost", "BulkDataURI"):
        assert known not in json.dumps(answer.json, ensure_ascii=False)


def test_a_series_of_documents_only_does_not_exist(client_for: Callable[[Grant], FlaskClient], inside: Inside) -> None:
    inside.datasets = [{**STORED, "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.88.33"]}}]
    assert client_for(SHARE).get("/cleaned/dicom-web/studies/1.2/series/1.2.3/metadata").status_code == 404


def test_nothing_is_asked_for_another_study_or_with_a_grant_without_images(
    client_for: Callable[[Grant], FlaskClient], inside: Inside
) -> None:
    assert client_for(SHARE).get("/cleaned/dicom-web/studies/1.9/metadata").status_code == 404
    assert client_for(replace(SHARE, rights=frozenset({Right.REPORT}))).get("/cleaned/dicom-web/studies/1.2/metadata").status_code == 404
    assert client_for(replace(SHARE, revoked_at=NOW)).get("/cleaned/dicom-web/studies/1.2/metadata").status_code == 404
    assert inside.asked == []


class Missing(Exception):
    """As Orthanc says that there is nothing."""


def test_the_internal_metadata_puts_colour_tables_in_their_place() -> None:
    answers = {
        "/dicom-web/studies/1.2/series/1.3/metadata": b'[{"00281201": {"vr": "OW", "BulkDataURI": "http://x/dicom-web/a/bulk/00281201"}}]',
        "/dicom-web/a/bulk/00281201": b"--b-1\r\nContent-Type: application/octet-stream\r\n\r\nab\r\n\r\nc\r\n--b-1--\r\n",
    }
    assert InternalMetadata(answers.__getitem__, KeyError)("1.2", "1.3") == [{"00281201": {"vr": "OW", "InlineBinary": "YWINCg0KYw=="}}]


@pytest.mark.parametrize("uids", [("1.2",), ("1.2", "../../system"), ("",), ("1.2", "1.3", "1.4?x")])
def test_the_internal_metadata_of_what_is_not_there_or_no_uid_is_not_found(uids: tuple[str, ...]) -> None:
    def get(_path: str) -> bytes:
        raise Missing

    with pytest.raises(NotFound):
        InternalMetadata(get, Missing)(*uids)
