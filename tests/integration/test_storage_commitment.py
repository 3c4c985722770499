# SPDX-License-Identifier: AGPL-3.0-or-later
"""Storage Commitment Push Model (PS3.4 Annex J) with pynetdicom as the modality: at a gateway, and at the cloud's own port."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, MRImageStorage, StorageCommitmentPushModel  # type: ignore[attr-defined]

from tests.support.associations import associate
from tests.support.gateway import Gateway, paired_gateway
from tests.support.instance import Instance, free_ports, wait_for
from tests.support.samples import ct_study, study_uid

_PUSH_MODEL_INSTANCE = UID("1.2.840.10008.1.20.1.1")


@dataclass
class Modality:
    """A modality that asks, and hears the N-EVENT-REPORTs in associations that the other side opens."""

    port: int
    aet: str = "CT1"
    heard: queue.Queue[tuple[int, Dataset]] = field(default_factory=queue.Queue)

    def listen(self) -> object:
        """Start."""
        entity = AE(ae_title=self.aet)
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        return entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._take)])

    def _take(self, event: evt.Event) -> tuple[int, None]:
        self.heard.put((event.request.EventTypeID, event.event_information))
        return 0x0000, None

    def ask(self, port: int, instances: list[tuple[str, str]]) -> str:
        """N-ACTION; the transaction's UID."""
        wanted = Dataset()
        wanted.TransactionUID = generate_uid()
        wanted.ReferencedSOPSequence = []
        for sop_class, uid in instances:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
            wanted.ReferencedSOPSequence.append(item)
        entity = AE(ae_title=self.aet)
        entity.add_requested_context(StorageCommitmentPushModel)
        association = associate(entity, "127.0.0.1", port, ae_title="CLOUDFILM")
        assert association.is_established
        try:
            status, _ = association.send_n_action(wanted, 1, StorageCommitmentPushModel, _PUSH_MODEL_INSTANCE)
            assert status.get("Status") == 0x0000
        finally:
            association.release()
        return str(wanted.TransactionUID)

    def answer(self, transaction_uid: str) -> tuple[int, set[str], dict[str, int]]:
        """EventTypeID, what was committed, and FailureReason of what was not."""
        kind, told = self.heard.get(timeout=60)
        assert told.TransactionUID == transaction_uid
        committed = {str(item.ReferencedSOPInstanceUID) for item in told.get("ReferencedSOPSequence", [])}
        failed = {str(item.ReferencedSOPInstanceUID): int(item.FailureReason) for item in told.get("FailedSOPSequence", [])}
        return kind, committed, failed


@pytest.fixture(scope="module")
def modality() -> Iterator[Modality]:
    one = Modality(free_ports(1)[0])
    server = one.listen()
    yield one
    server.shutdown()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def gateway(instance: Instance, modality: Modality, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = paired_gateway(instance, tmp_path_factory.mktemp("gateway"), "jia", CLOUDFILM_GATEWAY_TRIES="1")
    running.admin("gateway", "let-in", "--aet", "CT1", "--host", "127.0.0.1", "--port", str(modality.port))
    yield running
    running.stop()


def uids_of(paths: list[Path]) -> list[str]:
    return [str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in paths]


def test_a_gateway_commits_what_the_cloud_has_confirmed_and_nothing_else(gateway: Gateway, modality: Modality, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "45200", slices=3)
    gateway.dcmtk("storescu", *map(str, paths))
    uids, unknown = uids_of(paths), generate_uid()
    # Asked at once, while they are on their way: the answer waits for the cloud's receipts.
    asked = [(CTImageStorage, uid) for uid in uids[:2]] + [(MRImageStorage, uids[2]), (CTImageStorage, unknown)]
    kind, committed, failed = modality.answer(modality.ask(gateway.dicom_port, asked))
    assert kind == 2
    assert committed == set(uids[:2])
    assert failed == {uids[2]: 0x0119, unknown: 0x0112}
    confirmed = f"SELECT count(*) FROM instance WHERE study_instance_uid = '{study_uid('45200')}' AND state = 'confirmed'"
    wait_for(lambda: gateway.rows(confirmed) == [(3,)])
    assert modality.answer(modality.ask(gateway.dicom_port, [(CTImageStorage, uid) for uid in uids])) == (1, set(uids), {})


def test_a_gateway_does_not_commit_what_the_cloud_refused(gateway: Gateway, instance: Instance, modality: Modality, tmp_path: Path) -> None:
    """Another hospital's study: it is set aside at the gateway after its only try."""
    theirs = ct_study(tmp_path / "a", "45201", slices=1)
    assert instance.dcmtk("storescu", str(theirs[0]), aet="MR2").returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND hospital_id = 'yi'", study_uid("45201")))
    paths = ct_study(tmp_path / "b", "45202", slices=1, study_seed="45201")
    gateway.dcmtk("storescu", str(paths[0]))
    (uid,) = uids_of(paths)
    assert modality.answer(modality.ask(gateway.dicom_port, [(CTImageStorage, uid)])) == (2, set(), {uid: 0x0110})


def test_the_cloud_commits_its_own_hospitals_images_that_it_can_read(instance: Instance, modality: Modality, tmp_path: Path) -> None:
    instance.admin("modality", "add", "--hospital", "jia", "--aet", "CT1", "--host", "127.0.0.1", "--port", str(modality.port))
    paths = ct_study(tmp_path / "a", "45203", slices=2)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    theirs = ct_study(tmp_path / "b", "45204", slices=1)
    assert instance.dcmtk("storescu", str(theirs[0]), aet="MR2").returncode == 0
    mine, (foreign,) = uids_of(paths), uids_of(theirs)
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s", study_uid("45204")))
    # One file is damaged on the disk.
    attachment = instance.sql(
        "SELECT file.uuid FROM AttachedFiles file JOIN DicomIdentifiers sop ON sop.id = file.id WHERE sop.value = %s AND file.fileType = 1",
        mine[1],
        database="orthanc",
    )[0][0]
    file = instance.data / "orthanc" / attachment[:2] / attachment[2:4] / attachment
    content = bytearray(file.read_bytes())
    content[-1] ^= 0xFF
    file.write_bytes(content)
    asked = [(CTImageStorage, uid) for uid in (*mine, foreign)]
    kind, committed, failed = modality.answer(modality.ask(instance.dicom_port, asked))
    assert (kind, committed) == (2, {mine[0]})
    assert failed == {mine[1]: 0x0110, foreign: 0x0112}


def test_a_modality_without_a_port_is_told_no(instance: Instance, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Modality(1, "MR2").ask(instance.dicom_port, [(CTImageStorage, generate_uid())])
