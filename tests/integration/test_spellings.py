# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other spellings of a path, and other methods: each is refused at the door, shows nothing and hangs nowhere."""

from __future__ import annotations

import pytest

from tests.support.instance import Instance
from tests.support.raw_http import ask

KNOWN = "/dicom-web/studies/{study}"


@pytest.fixture(scope="module")
def token(instance: Instance) -> str:
    """Everything that an integrator of 甲 may do."""
    return instance.token("jia", "query", "retrieve", "store", "reports")


@pytest.mark.parametrize(
    "path",
    [
        KNOWN + "/", KNOWN + "/metadata/", KNOWN + "/series/", "/dicom-web/studies/", "/dicom-web/series/", "/dicom-web/", "/wado/",
        KNOWN + "/./metadata", KNOWN + "/metadata/.", KNOWN + "/../{study}/metadata", KNOWN + "/%2e/metadata", KNOWN + "/%2E%2E/x",
        KNOWN + "//metadata", "//dicom-web/studies", "/dicom-web//studies", KNOWN + "%2fmetadata", KNOWN + "%2Fmetadata",
        "/dicom-web%2fstudies", "/%64icom-web/studies", "/dicom-web/%73tudies", KNOWN + "%5cmetadata", KNOWN + "\\metadata",
        KNOWN + ";x=1/metadata", KNOWN + "/metadata;x", "/dicom-web/studies;x", KNOWN + "%00", KNOWN + "/metadata%00", KNOWN + "%20",
        KNOWN + "%3Fx/metadata", KNOWN + "%23/metadata", "/viewer/..%2f..%2fetc/passwd", "/wado/../system", "/dicom-web/../system", "/%77ado?studyUID=1",
        "/DICOM-WEB/studies", "/Dicom-Web/Studies", "/dicom-web/STUDIES", "/dicom-web/Studies/{study}/metadata", KNOWN + "/METADATA", "/WADO",
        "/dicom-web/studies/" + "1." * 60 + "1", "/dicom-web/studies/" + "1" * 65 + "/metadata", KNOWN + "/series/" + "9" * 5000,
        KNOWN + ",1.2.3/metadata", KNOWN + "/series/*/metadata", KNOWN + "/bulkdata", "/portal/dicom-web/studies", "/portal" + KNOWN + "/series",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_other_spellings_show_nothing(instance: Instance, stored_study: str, token: str, path: str, method: str) -> None:
    answer = ask(instance, token, method, path.format(study=stored_study))
    assert answer.status in (400, 404, 405, 414, 415), answer.status
    assert b"Value" not in answer.body
    assert stored_study.encode() not in answer.body


RETRIEVED = [
    "",
    "/metadata",
    "/series",
    "/instances",
    "{instance}",
    "{instance}/metadata",
    "{instance}/frames/1",
    "{instance}/rendered",
    "{instance}/thumbnail",
]


def paths(instance: Instance, token: str, study: str) -> list[str]:
    found = instance.client(token).get(f"/dicom-web/studies/{study}/instances").json()[0]
    below = f"/series/{found['0020000E']['Value'][0]}/instances/{found['00080018']['Value'][0]}"
    wado = f"/wado?requestType=WADO&studyUID={study}&seriesUID={found['0020000E']['Value'][0]}&objectUID={found['00080018']['Value'][0]}"
    return [
        "/dicom-web/studies",
        "/dicom-web/series",
        wado,
        *(f"/dicom-web/studies/{study}{one.format(instance=below)}" for one in RETRIEVED),
    ]


def test_head_says_what_get_says_without_a_body(instance: Instance, stored_study: str, token: str) -> None:
    for path in [*paths(instance, token, stored_study), "/", "/api/v1/health", "/static/portal.css"]:
        got, head = ask(instance, token, "GET", path), ask(instance, token, "HEAD", path)
        assert (head.status, head.body) == (got.status, b""), path
        assert head.headers["content-type"].split(";")[0] == got.headers["content-type"].split(";")[0], path


def test_head_of_what_is_foreign_or_without_a_credential_is_denied_like_get(instance: Instance, stored_study: str, token: str) -> None:
    foreign = instance.token("yi", "query", "retrieve", "store")
    for path in paths(instance, token, stored_study)[2:]:
        assert ask(instance, foreign, "HEAD", path).status == 404, path
        assert ask(instance, "", "HEAD", path).status == 401, path


def test_head_of_a_link_does_not_open_it(instance: Instance, token: str) -> None:
    answer = ask(instance, token, "HEAD", "/q/" + "A" * 26)
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_options_tells_the_methods_and_nothing_of_whether_it_exists(instance: Instance, stored_study: str, token: str) -> None:
    for path in paths(instance, token, stored_study):
        for holder in (token, "", instance.token("yi", "query")):
            answer = ask(instance, holder, "OPTIONS", path)
            assert (answer.status, answer.body) == (204, b""), path
            assert answer.headers["allow"].startswith("GET, HEAD"), path
    assert "POST" in ask(instance, "", "OPTIONS", "/dicom-web/studies").headers["allow"]
    assert ask(instance, "", "OPTIONS", "/exam").status == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECTX", "PROPFIND", "POST"])
def test_other_methods_are_refused_and_never_hang(instance: Instance, stored_study: str, token: str, method: str) -> None:
    portal = ["/exam", "/images", "/api/v1/health", "/static/portal.css", "/viewer/viewer", "/dicom-web/series"]
    for path in [*paths(instance, token, stored_study)[1:], *portal]:
        if method == "POST" and path == f"/dicom-web/studies/{stored_study}":
            continue  # STOW-RS
        answer = ask(instance, token, method, path)
        assert answer.status in (400, 401, 404, 405), (method, path, answer.status)
        assert answer.status != 405 or method == "TRACE" or path.startswith(("/static", "/viewer")) or answer.headers["allow"], path
        assert b"Value" not in answer.body
