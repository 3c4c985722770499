# SPDX-License-Identifier: AGPL-3.0-or-later
"""One real exam of one hospital on a running instance: images by C-STORE, its report, the grant on its paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import requests
from psycopg2.extras import Json
from pydicom import dcmread

from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind
from cloudfilm.access.holder import ApiHolder, KioskHolder, Role, Scope, StaffHolder
from cloudfilm.access.secret import hash_secret, secret_from
from cloudfilm.db.api_tokens import add_api_token
from cloudfilm.db.gateways import add_gateway, give_token
from cloudfilm.db.grants import add_grant
from cloudfilm.db.staff_sessions import begin_staff_session
from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.mint import Mint
from tests.support.samples import ct_study, fields_for, study_uid


@dataclass(frozen=True)
class Exam:
    """What an asker would have to name to see it. ``form`` is a browser's cookie for forms, and the token that belongs to it."""

    hospital_id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    patient_id: str
    accession_number: str
    report_id: UUID
    grant_id: UUID
    orthanc_ids: dict[str, str]
    form: tuple[str, str]

    @property
    def marks(self) -> tuple[str, ...]:
        """Strings that no answer to somebody without a right may hold."""
        return (self.study_instance_uid, self.patient_id, self.accession_number, str(self.report_id), self.sop_instance_uid)


def make_exam(instance: Instance, folder: Path, hospital_id: str, aet: str, seed: str) -> Exam:
    """Send, report, wait until both have met."""
    paths = ct_study(folder, seed)
    assert instance.dcmtk("storescu", *map(str, paths), aet=aet).returncode == 0
    uid = study_uid(seed)
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", uid))
    client = instance.client(instance.token(hospital_id, "reports"))
    issued: dict[str, Any] = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))}).json()
    assert issued["status"] == "matched", issued
    image = dcmread(paths[0])
    report_id = UUID(issued["report_id"])
    ((grant_id,),) = instance.sql("SELECT grant_id::text FROM access_grant WHERE report_id = %s", str(report_id))
    return Exam(
        hospital_id=hospital_id,
        study_instance_uid=uid,
        series_instance_uid=image.SeriesInstanceUID,
        sop_instance_uid=image.SOPInstanceUID,
        patient_id=image.PatientID,
        accession_number=image.AccessionNumber,
        report_id=report_id,
        grant_id=UUID(grant_id),
        orthanc_ids=_orthanc_ids(instance, image),
        form=Mint(instance).form(),
    )


def _orthanc_ids(instance: Instance, image: Any) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {Mint(instance).internal()}"}
    found: dict[str, str] = {}
    for uid in (image.PatientID, image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID):
        for one in requests.post(f"{instance.orthanc_url}/tools/lookup", data=uid, headers=headers, timeout=30).json():
            found[{"Patient": "patients", "Study": "studies", "Series": "series", "Instance": "instances"}[one["Type"]]] = one["ID"]
    assert len(found) == 4
    return found


class Registry:
    """Puts grants, tokens and accounts into an instance's database as they will be found there some day: expired, revoked, narrowed."""

    def __init__(self, instance: Instance) -> None:
        self._connection = psycopg2.connect(host=str(instance.data / "run/postgresql"), dbname="cloudfilm", user="cloudfilm")
        self._number = 0

    def close(self) -> None:
        self._connection.close()

    def grant(self, exam: Exam, **changes: Any) -> tuple[Grant, str]:
        """A grant for this exam, and the secret that would open it."""
        values: dict[str, Any] = {"kind": GrantKind.PATIENT, "rights": ALL_RIGHTS, **changes}
        grant = Grant(
            grant_id=uuid4(),
            hospital_id=exam.hospital_id,
            created_at=datetime.now(UTC),
            report_id=exam.report_id,
            study_instance_uids=frozenset({exam.study_instance_uid}),
            report_ids=frozenset({exam.report_id}),
            **values,
        )
        secret = secret_from(uuid4().bytes)
        with self._connection, self._connection.cursor() as cursor:
            add_grant(cursor, grant, hash_secret(secret), None, None)
            if grant.revoked_at is not None:
                cursor.execute("UPDATE access_grant SET revoked_at = %s WHERE grant_id = %s", (grant.revoked_at, grant.grant_id))
        return grant, secret

    def api_holder(self, hospital_id: str, expires_at: datetime, **changes: Any) -> ApiHolder:
        """A program's row."""
        values: dict[str, Any] = {"scopes": frozenset(Scope), "revoked_at": None, **changes}
        holder = ApiHolder(token_id=uuid4(), hospital_id=hospital_id, expires_at=expires_at, **values)
        with self._connection, self._connection.cursor() as cursor:
            add_api_token(cursor, holder, "walk", datetime.now(UTC))
            cursor.execute("UPDATE api_token SET revoked_at = %s WHERE token_id = %s", (holder.revoked_at, holder.token_id))
        return holder

    def gateway_holder(self, hospital_id: str) -> ApiHolder:
        """A paired gateway with its token."""
        holder, gateway_id = (
            self.api_holder(hospital_id, datetime.now(UTC) + timedelta(hours=1), is_gateway=True),
            self.gateway(hospital_id),
        )
        with self._connection, self._connection.cursor() as cursor:
            give_token(cursor, gateway_id, holder.token_id)
        return holder

    def gateway(self, hospital_id: str) -> UUID:
        """One that is not paired yet."""
        gateway_id, now = uuid4(), datetime.now(UTC)
        with self._connection, self._connection.cursor() as cursor:
            add_gateway(cursor, gateway_id, hospital_id, "walk", gateway_id.bytes, now, now)
        return gateway_id

    def kiosk_holder(self, hospital_id: str, revoked: bool = False) -> tuple[KioskHolder, UUID]:
        """A kiosk, and the pairing that stands in the cookie of its browser."""
        self._number += 1
        holder, pairing_id = KioskHolder(uuid4(), hospital_id, closed=revoked), uuid4()
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO kiosk (kiosk_id, hospital_id, name, pairing_id, created_at, revoked_at) VALUES (%s, %s, %s, %s, now(), %s)",
                (holder.kiosk_id, hospital_id, f"walk{self._number}-{uuid4().hex[:8]}", pairing_id, datetime.now(UTC) if revoked else None),
            )
        return holder, pairing_id

    def print_order(self, exam: Exam) -> UUID:
        """A print of this exam's report at a kiosk."""
        kiosk, _ = self.kiosk_holder(exam.hospital_id)
        order_id = uuid4()
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO print_order (print_order_id, report_id, hospital_id, kind, kiosk_id, queue, ordered_at)"
                " VALUES (%s, %s, %s, 'kiosk', %s, 'walk', now())",
                (order_id, exam.report_id, exam.hospital_id, kiosk.kiosk_id),
            )
        return order_id

    def film(self, exam: Exam) -> UUID:
        """A film that shows this exam."""
        film_id = uuid4()
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO intake_source (name, kind, hospital_id, sender, created_at) VALUES (%s, 'console', %s, 'WALK@192.0.2.7', now())"
                " ON CONFLICT DO NOTHING",
                (f"walk-{exam.hospital_id}", exam.hospital_id),
            )
            cursor.execute(
                "INSERT INTO printed_film (film_id, hospital_id, source_name, page_sha256, boxes, texts, printed_at, received_at, state,"
                " study_instance_uid, stored_study_instance_uid, lines) VALUES (%s, %s, %s, %s, '[]', '[]', now(), now(), 'matched', %s, %s, %s)",
                (
                    film_id, exam.hospital_id, f"walk-{exam.hospital_id}", sha256(film_id.bytes).hexdigest(), exam.study_instance_uid,
                    exam.study_instance_uid, Json([[mark, 1.0] for mark in exam.marks]),
                ),
            )  # fmt: skip
        return film_id

    def staff_holder(self, role: Role, hospital_id: str | None, ended: bool = False, disabled: bool = False) -> StaffHolder:
        """Somebody who has signed in."""
        self._number += 1
        login, now = f"walk{self._number}.{uuid4().hex[:8]}", datetime.now(UTC)
        holder = StaffHolder(uuid4(), login, "李", role, hospital_id, uuid4(), closed=ended or disabled)
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO account (account_id, hospital_id, login, full_name, role, created_at, disabled_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (holder.account_id, hospital_id, login, holder.full_name, role, now, now if disabled else None),
            )
            begin_staff_session(cursor, holder.session_id, holder.account_id, now)
            cursor.execute("UPDATE staff_session SET ended_at = %s WHERE session_id = %s", (now if ended else None, holder.session_id))
        return holder
