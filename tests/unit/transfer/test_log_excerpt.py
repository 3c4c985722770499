# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of the gateway's logs leaves the hospital points to no patient and no exam."""

from __future__ import annotations

from pathlib import Path

from cloudfilm.transfer.log_excerpt import excerpt

FORWARDER = """\
2026-11-24 08:00:00,001 INFO cloudfilm.transfer.process: started
2026-11-24 08:00:01,001 WARNING cloudfilm.transfer.forwarding: set aside: an instance of study 1.2.826.0.1.3680043.8.498.4902522448227: the cloud refused it
2026-11-24 08:00:02,001 WARNING cloudfilm.transfer.inventory: an instance is not here: 2a6b8c1d-2a6b8c1d-2a6b8c1d-2a6b8c1d-2a6b8c1d
Traceback (most recent call last):
  File "/opt/cloudfilm/app/orthanc_plugins/cloudfilm/transfer/following.py", line 60, in look
    name = values["王小明"]
ValueError: cannot read 王小明, born 19800501
"""
ORTHANC = """\
W1124 08:00:00.000001 DICOM-SERVER CommandDispatcher.cpp:628] Rejected association for remote AET STRANGER on IP 10.0.0.9
E1124 08:00:00.000002          DICOM-1 FromDcmtkBridge.cpp:99] Cannot decode PatientName Wang^XiaoMing
W1124 08:00:00.000003          DICOM-1 Patients.cpp:1] patient P1001
"""


def test_neither_names_nor_uids_leave_and_what_an_error_quotes_stays(tmp_path: Path) -> None:
    (tmp_path / "forwarder.log").write_text(FORWARDER)
    (tmp_path / "orthanc.log").write_text(ORTHANC)
    text = excerpt(tmp_path)
    for hidden in ("王小明", "19800501", "XiaoMing", "P1001", "3680043", "2a6b8c1d"):
        assert hidden not in text
    for needed in ("started", "an instance of study [UID]: the cloud refused it", "following.py", "ValueError", "STRANGER on IP 10.0.0.9"):
        assert needed in text


def test_a_gateway_without_logs_has_an_empty_one(tmp_path: Path) -> None:
    assert excerpt(tmp_path).splitlines() == ["== forwarder", "", "== orthanc", "", "== supervisord"]
