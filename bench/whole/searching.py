# SPDX-License-Identifier: AGPL-3.0-or-later
"""QIDO-RS for studies while the index is large. The rows are made by SQL, in Orthanc's index and in our own record alike: nobody sent them."""

from __future__ import annotations

import json
import ssl
import statistics
import time
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path

import psycopg2

from bench.failure import BenchFailed
from bench.whole.row import Beside, Goal, Row
from bench.whole.stage import Stage
from bench.whole.stock import TUNED
from machine.installation import TLS
from machine.postgresql import database_uri

_INDEX_ROWS = Path(__file__).with_name("index_rows.sql")
_AT_ONCE = 200_000
# As a worklist asks: a page of 25. No further page of a modality: the stock plugin answers an offset beside ModalitiesInStudy with 400.
_ASKED = {
    "the newest": "limit=25",
    "a patient's number": "PatientID=Q{patient:08}&limit=25",
    "an exam's number": "AccessionNumber=A{study:09}&limit=25",
    "a week": "StudyDate=20240301-20240307&limit=25",
    "a modality of a month": "StudyDate=20240301-20240331&ModalitiesInStudy=MR&limit=25",
    "the third page of a month": "StudyDate=20240301-20240331&limit=25&offset=50",
    "a frequent family name": "PatientName=ZHAO*&limit=25",
    "one patient's name": "PatientName=LI^LIHUA{patient}&limit=25",
}
_ALWAYS_FULL, _PAGE = ("the newest",), 25
_OUR_ROWS = """
    INSERT INTO study (study_instance_uid, hospital_id, orthanc_study_id, patient_id, patient_name, patient_sex, patient_birth_date,
        accession_number, study_date, study_time, study_description, modalities, series_count, instance_count, image_series_count, image_count,
        study_id, referring_physician_name, claimed_at, recorded_at, complete_at)
    SELECT study_instance_uid, 'bench', orthanc_study_id, patient_id, patient_name, 'M', date '1980-05-01', accession_number, study_date,
        study_time, modality || ' HEAD', ARRAY[modality], 1, 300, 1, 300, '1', '', study_date + study_time, study_date + study_time,
        study_date + study_time
    FROM made
"""


class Searching:
    """A page of studies in an index of so many rows."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def measure(self, stage: Stage) -> list[Row]:
        """A row for the middle and one for the slowest twentieth of a mixture of searches, and one for each kind of search."""
        self._fill()
        token = stage.ours.admin("token", "issue", "--hospital", "bench", "--scope", "query", "--days", "1")["token"]
        ours, stock = (stage.ours.https_port, {"Authorization": f"Bearer {token}"}), (stage.bare_port, dict[str, str]())
        times: dict[str, list[dict[str, list[float]]]] = {"ours": [], "stock": []}
        repeated = max(3, stage.scale.requests // (5 * len(_ASKED)))
        for number in range(stage.scale.rounds + 1):
            for name, (port, headers) in {"ours": ours, "stock": stock}.items():
                seen = self._asked(name, port, headers, number, repeated)
                if number:  # the first round fills PostgreSQL's memory
                    times[name].append(seen)
        return self._as_rows(times)

    def _as_rows(self, times: dict[str, list[dict[str, list[float]]]]) -> list[Row]:
        topic = f"QIDO-RS, {self._rows:,} studies by SQL, a page of 25"
        stock_is = f"{TUNED}, behind nginx: without an order, its page is any 25"
        goal = Goal("p95 at most 20 ms", Beside.ITSELF, at_most=20)

        def of(name: str, quantile: int, kind: str | None = None) -> tuple[float, ...]:
            figures = [[one for of_kind, many in turn.items() if kind in (None, of_kind) for one in many] for turn in times[name]]
            return tuple(statistics.quantiles(one, n=100, method="inclusive")[quantile - 1] for one in figures)

        rows = [
            Row(topic, "all kinds, p50", "ms", of("ours", 50), of("stock", 50), None, stock_is),
            Row(topic, "all kinds, p95", "ms", of("ours", 95), of("stock", 95), None, stock_is, "", (goal,)),
        ]
        return rows + [Row(topic, f"{kind}, p50", "ms", of("ours", 50, kind), of("stock", 50, kind), None, stock_is) for kind in _ASKED]

    def _asked(self, name: str, port: int, headers: dict[str, str], number: int, repeated: int) -> dict[str, list[float]]:
        connection = HTTPSConnection(
            "localhost", port, timeout=300, context=ssl.create_default_context(cafile=str(TLS / "certificate.pem"))
        )
        times: dict[str, list[float]] = {kind: [] for kind in _ASKED}
        for place in range(repeated):
            for kind, query in _ASKED.items():
                study = (number * 7919 + place * 104_729) % self._rows
                text = query.format(study=study, patient=study // 4)
                began = time.perf_counter()
                connection.request("GET", f"/dicom-web/studies?{text}", headers={**headers, "Accept": "application/dicom+json"})
                answer = connection.getresponse()
                found = answer.read()
                if answer.status not in (200, 204):
                    raise BenchFailed(f"{name}: a search for {kind} was answered {answer.status}: {found[:200]!r}")
                if name == "ours" and kind in _ALWAYS_FULL and len(json.loads(found)) != _PAGE:
                    raise BenchFailed(f"a search for {kind} did not find a page of {_PAGE}")
                times[kind].append((time.perf_counter() - began) * 1000)
        connection.close()
        return times

    def _fill(self) -> None:
        """Add what is missing to the number of rows: in our record, in our Orthanc's index and in the stock's."""
        sql = _INDEX_ROWS.read_text(encoding="utf-8")
        made = sql[sql.index("SELECT place") : sql.index(";\nCREATE INDEX ON made")]
        with closing(psycopg2.connect(database_uri("cloudfilm", "postgres"))) as ours:
            with ours.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM study WHERE accession_number ~ '^A[0-9]{9}$' AND patient_id ~ '^Q[0-9]{8}$'")
                first = int((cursor.fetchone() or (0,))[0])
            for begin in range(first, self._rows, _AT_ONCE):
                part = {"first": begin, "last": min(begin + _AT_ONCE, self._rows) - 1}
                with ours, ours.cursor() as cursor:
                    cursor.execute(f"CREATE TEMPORARY TABLE made ON COMMIT DROP AS {made}", part)
                    cursor.execute(_OUR_ROWS)
                for database in ("orthanc", "stock"):
                    with closing(psycopg2.connect(database_uri(database, "postgres"))) as index, index, index.cursor() as cursor:
                        cursor.execute(sql, part)
        for database in ("cloudfilm", "orthanc", "stock"):
            with closing(psycopg2.connect(database_uri(database, "postgres"))) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("VACUUM ANALYZE")
