# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links, codes and tokens go through every path, the broken ones first: none is found in a log or in what scripts/run printed."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from cloudfilm.access.access_code import normalise_access_code
from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import fields_for


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An installation whose parts may be stopped."""
    mine = Instance(tmp_path_factory.mktemp("logs"))
    mine.start()
    mine.admin("hospital", "add", "jia", "--name", "甲医院")
    yield mine
    mine.stop()


def addresses_with(secret: str, token: str) -> list[str]:
    """Every place where somebody could put a secret or a token, right or wrong."""
    return [
        f"/q/{secret}", f"/Q/{secret.lower()}", f"/s/{secret}", f"/S/{secret}", f"/q/{secret}/more", f"/q/{secret}?x=1", f"/q/{secret}%00",
        f"//q/{secret}", f"/%71/{secret}", f"/q%2f{secret}", f"/./q/{secret}", f"/x/../q/{secret}", f"/portal/q/{secret}", f"/q/{secret}\\",
        f"/viewer/viewer?StudyInstanceUIDs=1.2&token={token}", f"/viewer/missing.js?token={token}", f"/viewer/?token={token}",
        f"/exam?token={token}", f"/dicom-web/studies?token={token}", f"/dicom-web/studies/1.2/metadata?token={token}",
        f"/wado?requestType=WADO&studyUID=1.2&token={token}", f"/static/none?token={token}", f"/api/v1/none?token={token}",
    ]  # fmt: skip


def knock(port: int, secret: str, code: str, token: str, secure: bool = True) -> set[int]:
    """Every address with the token as bearer and in every cookie, and the code at both of its doors; the statuses that came back."""
    statuses = set()
    headers = {
        "Authorization": f"Bearer {token}",
        "Cookie": f"__Host-session={token}; __Host-staff={token}",
        "Referer": f"https://x/q/{secret}",
    }
    asked: list[tuple[str, str, dict[str, str], bytes | None]] = [
        ("GET", address, headers, None) for address in addresses_with(secret, token)
    ]
    asked += [
        ("POST", "/api/v1/access", {"Content-Type": "application/json"}, f'{{"access_code": "{code}x"}}'.encode()),
        ("POST", "/api/v1/access", {"Content-Type": "application/json"}, f'{{"access_code": "{code}"'.encode()),
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, f"access_code={code}y".encode()),
        ("POST", "/api/v1/reports", headers | {"Content-Type": "text/plain"}, f"{code} {secret}".encode()),
        ("POST", f"/q/{secret}", {"Content-Length": str(70 * 1024 * 1024)}, None),
        ("GET", f"/q/{secret}", {"X-Long": token * 80}, None),
        ("BREW", f"/q/{secret}", {}, None),
    ]
    for method, address, sent, body in asked:
        if secure:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=30, context=ssl._create_unverified_context()
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(method, address, body, sent)
            statuses.add(connection.getresponse().status)
        except ConnectionError:
            pass  # a header too large, and nginx hangs up while it is still coming in
        finally:
            connection.close()
    return statuses


def test_no_secret_code_or_token_is_in_any_log(own: Instance) -> None:
    token = own.token("jia", "reports", "retrieve", "query")
    issued: dict[str, Any] = own.client(token).post("/api/v1/reports", files={"file": make_report_pdf(fields_for("logged"))}).json()
    secret, code = issued["link"].rsplit("/", 1)[1], issued["access_code"]
    statuses = knock(own.https_port, secret, code, token) | knock(own.http_port, secret, code, token, secure=False)
    own.switch_part("orthanc", "stop")
    statuses |= knock(own.https_port, secret, code, token)
    own.switch_part("orthanc", "start")
    wait_for(lambda: own.client().get("/api/v1/health").status_code == 200, timeout_seconds=60)
    assert {200, 303, 308, 400, 401, 404, 413, 503} <= statuses, "every kind of answer was provoked"
    logs = {str(path): path.read_bytes() for path in (own.data / "log").rglob("*") if path.is_file()}
    assert b'"GET /' in logs[str(own.data / "log/nginx.log")], "requests are logged, without their secrets"
    logs["what scripts/run printed"] = "".join(own.printed).encode()
    signature = token.rsplit(".", 1)[1]
    for needle in (secret, secret.lower(), code, normalise_access_code(code) or "", token, signature):
        assert [name for name, text in logs.items() if needle.encode() in text] == [], needle


@pytest.mark.parametrize(
    ("method", "address"), [("GET", "/"), ("GET", "/api/v1/health"), ("GET", "/dicom-web/studies"), ("POST", "/api/v1/reports")]
)
def test_while_a_part_is_down_every_answer_says_so(own: Instance, method: str, address: str) -> None:
    own.switch_part("orthanc", "stop")
    answer = own.client().request(method, address)
    own.switch_part("orthanc", "start")
    wait_for(lambda: own.client().get("/api/v1/health").status_code == 200, timeout_seconds=60)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_no_secret_code_or_token_is_in_any_other_file(own: Instance) -> None:
    """The same for the whole data folder but the database's own files, whose dump is searched in test_reports.py."""
    token = own.token("jia", "reports")
    issued: dict[str, Any] = own.client(token).post("/api/v1/reports", files={"file": make_report_pdf(fields_for("filed"))}).json()
    secret, code = issued["link"].rsplit("/", 1)[1], issued["access_code"]
    own.client().get(f"/q/{secret}")
    needles = [needle.encode() for needle in (secret, secret.lower(), code, normalise_access_code(code) or "", token)]
    files = [path for path in own.data.rglob("*") if path.is_file() and "postgresql/base" not in str(path)]
    assert [path for path in files if any(needle in path.read_bytes() for needle in needles)] == []
