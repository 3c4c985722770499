# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, study_uid


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running installation with two hospitals, 甲 (CT1) and 乙 (MR2)."""
    running = Instance(tmp_path_factory.mktemp("instance"), environment={"CLOUDFILM_WRONG_CODES_PER_QUARTER_HOUR": "5"})
    running.start()
    for hospital_id, name, aet in (("jia", "甲医院", "CT1"), ("yi", "乙医院", "MR2")):
        running.admin("hospital", "add", hospital_id, "--name", name)
        running.admin("modality", "add", "--hospital", hospital_id, "--aet", aet, "--host", "127.0.0.1")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def stored_study(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """StudyInstanceUID of a complete study of 甲, sent by C-STORE."""
    paths = ct_study(tmp_path_factory.mktemp("stored"), "stored")
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid("stored")))
    return study_uid("stored")
