# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the viewer for phones is told of an exam: by whom it may be asked, and what it never says."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.patients import Paper, open_link
from tests.support.picture_series import document, phantom_ct
from tests.support.samples import fields_for, study_uid

SEED = "37101"
NAMES = ("王小明", "王^小明", "XiaoMing", f"P{SEED}", f"A{SEED}", "甲医院")


@pytest.fixture(scope="module")
def paper(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """An exam whose first series has the patient's name in its description, with a document."""
    folder = tmp_path_factory.mktemp("phone")
    paths = phantom_ct(folder, SEED, 5, 64, SeriesDescription="王小明 轴位") + phantom_ct(folder, SEED, 4, 64, series_number=2)
    assert instance.dcmtk("storescu", *map(str, [*paths, *document(folder, SEED)])).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(SEED)))
    answer = (
        instance.client(instance.token("jia", "reports")).post("/api/v1/reports", files={"file": make_report_pdf(fields_for(SEED))}).json()
    )
    # What is kept of its report belongs to the exam's state too.
    kept = "SELECT count(*) FROM kept_instance WHERE report_id = %s AND stored_at IS NOT NULL"
    wait_for(lambda: instance.sql(kept, answer["report_id"]) == [(2,)], what="the report to be kept")
    recorded = "SELECT instance_count FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL"
    wait_for(lambda: instance.sql(recorded, study_uid(SEED)) == [(len(paths) + 3,)], what="the study to be whole")
    return Paper(instance, SEED, answer["report_id"], answer["link"], answer["access_code"])


def test_the_patient_is_told_every_picture_in_order(paper: Paper) -> None:
    visit = paper.visit()
    answer = visit.get("/api/v1/exam/images")
    assert answer.headers["Cache-Control"] == "no-store"
    manifest = answer.json()
    assert manifest["study"] == paper.study_instance_uid
    assert manifest["complete"]
    assert manifest["withoutPictures"] >= 1  # and what is kept of its report
    assert [(one["modality"], one["count"], one["opening"]) for one in manifest["series"]] == [("CT", 5, 3), ("CT", 4, 2)]
    assert manifest["series"][0]["each"]["place"] == [1, 2, 3, 4, 5]
    assert visit.get(f"/api/v1/exam/images?state={manifest['state']}").status_code == 204
    assert visit.get("/api/v1/exam/images?state=other").status_code == 200


def test_what_it_says_holds_no_name_of_the_patient_but_in_the_devices_own_words(paper: Paper) -> None:
    text = paper.visit().get("/api/v1/exam/images").text.encode().decode("unicode_escape")
    assert [name for name in NAMES if name in text] == ["王小明"], "the description, as it was stored, for the patient"


def test_a_link_that_hides_names_gets_no_name_at_all(paper: Paper) -> None:
    link = paper.share(hide_names=True, report=True)["link"]
    visit = open_link(paper.instance, link)
    manifest = visit.get("/api/v1/exam/images")
    assert [(one["description"], one["count"]) for one in manifest.json()["series"]] == [("", 5), ("轴位 2", 4)]
    page = visit.get("/images").text
    for text in (page, manifest.text.encode().decode("unicode_escape")):
        assert [name for name in NAMES if name in text] == []


def test_the_page_has_the_first_picture_and_a_series_its_key_picture(paper: Paper) -> None:
    visit = paper.visit()
    page = visit.get("/images")
    assert page.headers["Cache-Control"] == "no-store"
    assert "window=40,400,linear" in page.text
    for series in ("", "?series=1", "?series=2"):
        sent = visit.get(f"/images/key-picture{series}")
        assert sent.status_code == 303
        picture = visit.get(sent.headers["Location"], headers={"Accept": "image/avif,image/webp,*/*"})
        assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")
    for wrong in ("3", "0", "-1", "x", ""):
        assert visit.get(f"/images/key-picture?series={wrong}").status_code == 404
    for odd in ("?picture=999", "?picture=-5", "?series=9", "?picture=x"):
        assert visit.get(f"/images{odd}").status_code == 200


@pytest.mark.parametrize("path", ["/images", "/api/v1/exam/images", "/images/key-picture", "/images/desktop"])
def test_another_exam_does_not_exist_and_without_a_visit_nothing_does(paper: Paper, stored_study: str, path: str) -> None:
    visit = paper.visit()
    for foreign in (stored_study, "1.2.3", "", "../x", f"{paper.study_instance_uid} "):
        assert visit.get(path, params={"study": foreign, "series": "1"}).status_code == 404
    assert paper.instance.client().get(path).status_code == 401
    before_consent = paper.instance.client()
    before_consent.get(paper.link)
    assert before_consent.get(path).status_code == 404
    program = paper.instance.client(paper.instance.token("jia", "query", "retrieve"))
    assert program.get(path).status_code == 401


def test_what_arrives_later_is_told_next_time(paper: Paper, tmp_path: Path) -> None:
    visit = paper.visit()
    before = visit.get("/api/v1/exam/images").json()
    more = phantom_ct(tmp_path, SEED, 9, 64, series_number=3)
    assert paper.instance.dcmtk("storescu", *map(str, more)).returncode == 0
    after = visit.get(f"/api/v1/exam/images?state={before['state']}").json()
    assert [one["count"] for one in after["series"]] == [5, 4, 9]
