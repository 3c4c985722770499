# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a kill leaves behind is put right by itself: jobs that nobody does any more, files that nobody knows, studies that grew unseen."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from cloudfilm.db.database import Database
from cloudfilm.jobs.follow_index import record_grown_studies
from cloudfilm.jobs.gone_studies import forget_gone_studies
from cloudfilm.jobs.tidy_files import delete_orphan_files
from tests.faults.site import Site
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, study_uid


@pytest.fixture
def index(instance: Instance) -> Iterator[Database]:
    opened = Database(f"postgresql:///orthanc?host={instance.data}/run/postgresql&user=cloudfilm", 1)
    yield opened
    opened.close()


def file_name() -> str:
    """Of an attachment in the folder 00/00."""
    return f"0000{str(uuid4())[4:]}"


def test_a_job_whose_worker_was_killed_is_done_all_the_same(instance: Instance, stored_study: str) -> None:
    """As a kill leaves it: being done, by a worker that is gone."""
    (orthanc_id,) = instance.sql("SELECT orthanc_study_id FROM study WHERE study_instance_uid = %s", stored_study)[0]
    lock = f"killed {uuid4()}"
    for status in ("doing", "todo"):  # the second waits for the first: they have one lock
        instance.sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status) VALUES ('default', 'record_study', %s,"
            " jsonb_build_object('orthanc_study_id', %s::text), %s::procrastinate_job_status)",
            lock,
            orthanc_id,
            status,
        )
    wait_for(lambda: instance.sql("SELECT count(*) FROM procrastinate_jobs WHERE lock = %s", lock) == [(0,)], 40, "both jobs to be done")


def test_files_that_no_index_knows_go_after_an_hour(instance: Instance, stored_study: str, index: Database) -> None:
    folder = instance.data / "orthanc"
    known = set(folder.glob("??/??/*"))
    now = datetime.now(UTC)
    young, old, part = (folder / "00/00" / name for name in (file_name(), file_name(), f".part-{uuid4().hex}"))
    young.parent.mkdir(parents=True, exist_ok=True)
    for path in (young, old, part):
        path.write_bytes(b"half an image")
    for path in (old, part):
        os.utime(path, ((now - timedelta(hours=2)).timestamp(),) * 2)
    assert delete_orphan_files(index, folder, now) == 2
    assert set(folder.glob("??/??/*")) == known | {young}
    assert delete_orphan_files(index, folder, now + timedelta(hours=2)) == 1
    assert set(folder.glob("??/??/*")) == known


def test_no_file_goes_when_the_index_itself_is_to_be_doubted(
    instance: Instance, stored_study: str, index: Database, tmp_path: Path
) -> None:
    """More than a kill leaves: rather an index that was restored from an older copy."""
    (tmp_path / "00/00").mkdir(parents=True)
    files = [tmp_path / "00/00" / file_name() for _ in range(1001)]
    for file in files:
        file.touch()
    later = datetime.now(UTC) + timedelta(hours=2)
    assert delete_orphan_files(index, tmp_path, later) == 0
    assert all(file.exists() for file in files)
    files.pop().unlink()
    assert delete_orphan_files(index, tmp_path, later) == 1000


def test_images_that_came_just_before_a_kill_are_counted(instance: Instance, index: Database, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "44010", slices=4)
    assert instance.dcmtk("storescu", *map(str, paths[:3])).returncode == 0
    state = "SELECT instance_count, complete_at IS NOT NULL FROM study WHERE study_instance_uid = %s"
    wait_for(lambda: instance.sql(state, study_uid("44010")) == [(3, True)])
    jobs = Site(instance).jobs(lambda: datetime.now(UTC))
    record_grown_studies(jobs, index)
    instance.switch_part("worker", "stop")
    try:
        assert instance.dcmtk("storescu", str(paths[3])).returncode == 0
        os.kill(instance.part_pid("orthanc"), signal.SIGKILL)
        wait_for(jobs.orthanc.is_up, 60, "Orthanc to be up again")
        # Whatever it told of before, it may as well not have told.
        instance.sql("DELETE FROM procrastinate_jobs WHERE task_name = 'record_study' AND status = 'todo'")
        assert instance.sql(state, study_uid("44010"))[0][0] == 3
        wait_for(lambda: record_grown_studies(jobs, index))
        assert instance.sql(state, study_uid("44010"))[0][0] == 4
    finally:
        instance.switch_part("worker", "start")
    wait_for(lambda: instance.sql(state, study_uid("44010")) == [(4, True)])


def test_a_deletion_that_nobody_was_told_of_is_found(instance: Instance, index: Database, tmp_path: Path) -> None:
    for seed in ("49000", "49001"):
        assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path / seed, seed, slices=1))).returncode == 0
        wait_for(
            lambda seed=seed: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed))
        )  # type: ignore[misc]
    # As if the event of the deletion had found no database: the record stays, under an identifier that Orthanc does not know.
    instance.sql("UPDATE study SET orthanc_study_id = 'gone' WHERE study_instance_uid = %s", study_uid("49001"))
    Site(instance).delete_study(study_uid("49001"))
    wait_for(lambda: Site(instance).orthanc(instance).find_study(study_uid("49001")) is None)
    known = "SELECT study_instance_uid FROM study WHERE study_instance_uid = ANY(%s) ORDER BY study_instance_uid = %s DESC"
    both = [study_uid("49000"), study_uid("49001")]
    forget_gone_studies(Site(instance).jobs(lambda: datetime.now(UTC)), index)
    assert instance.sql(known, both, both[0]) == [(one,) for one in both], "too soon"
    later = Site(instance).jobs(lambda: datetime.now(UTC) + timedelta(hours=1))
    # A job that was about to record it may have done so since.
    wait_for(lambda: forget_gone_studies(later, index) >= 0 and instance.sql(known, both, both[0]) == [(both[0],)])
