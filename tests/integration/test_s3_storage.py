# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole installation that stores in a real S3 server (`scripts/run --s3`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, study_uid


@pytest.fixture(scope="module")
def s3_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    running = Instance(tmp_path_factory.mktemp("s3"), options=("--s3",), environment={"CLOUDFILM_S3_TIMEOUT_SECONDS": "4"})
    running.start()
    running.admin("hospital", "add", "jia", "--name", "甲医院")
    running.admin("modality", "add", "--hospital", "jia", "--aet", "CT1", "--host", "127.0.0.1")
    yield running
    running.stop()


def test_what_is_stored_comes_back_byte_for_byte(s3_instance: Instance, tmp_path: Path) -> None:
    files = ct_study(tmp_path, "35000", slices=3)
    assert s3_instance.dcmtk("storescu", *map(str, files)).returncode == 0
    wait_for(lambda: s3_instance.sql("SELECT count(*) FROM storage_object")[0][0] >= 6)
    print(s3_instance.sql("SELECT content_type, object_name, size_bytes FROM storage_object"))
    client = s3_instance.client(s3_instance.token("jia", "retrieve", "query"))
    answer = client.get(
        f"/dicom-web/studies/{study_uid('35000')}", headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    )
    assert answer.status_code == 200
    for file in files:
        assert file.read_bytes()[200:] in answer.content
