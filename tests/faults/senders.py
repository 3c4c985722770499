# SPDX-License-Identifier: AGPL-3.0-or-later
"""Senders as hospitals have them: each repeats what was not acknowledged until it is, and notes every answer."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import batched

import requests
from pydicom import dcmread
from pynetdicom import AE, build_context
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]

from tests.faults.exam import Image
from tests.faults.ledger import Ledger
from tests.support.associations import associate
from tests.support.instance import Instance
from tests.support.stow import failed, stored, stow

_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_TIMEOUT_SECONDS, _PAUSE_SECONDS, _ALL_SECONDS = 20, 0.3, 150.0


class Sender(threading.Thread):
    """Sends its images in a thread; ``left`` are those not acknowledged yet."""

    def __init__(self, to: Instance, images: Sequence[Image], ledger: Ledger, plan: random.Random) -> None:
        super().__init__(daemon=True)
        self.to, self.ledger, self.left = to, ledger, list(images)
        self._plan = random.Random(plan.random())
        self._deadline = time.monotonic() + _ALL_SECONDS
        self.given_up = threading.Event()

    def run(self) -> None:
        while self.left and time.monotonic() < self._deadline and not self.given_up.is_set():
            done = set()
            for image in self.answers():
                done.add(image.sop_instance_uid)
            self.left = [image for image in self.left if image.sop_instance_uid not in done]
            if self.left:
                time.sleep(_PAUSE_SECONDS)

    def answers(self) -> Iterator[Image]:
        """One try: what was acknowledged."""
        raise NotImplementedError

    def pause(self) -> None:
        """A modality takes its time between two images."""
        time.sleep(self._plan.uniform(0.0, 0.03))


class Modality(Sender):
    """C-STORE, one association at a time (PS3.4 §B)."""

    def answers(self) -> Iterator[Image]:
        entity = AE(ae_title="CT1")
        entity.requested_contexts = [build_context(CTImageStorage, _EXPLICIT_LITTLE_ENDIAN)]
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _TIMEOUT_SECONDS
        association = associate(entity, "127.0.0.1", self.to.dicom_port, ae_title="CLOUDFILM")
        if not association.is_established:
            self.ledger.refused("no association")
            return
        try:
            self.ledger.wait_for_others()
            for image in list(self.left):
                self.pause()
                began = time.monotonic()
                try:
                    answer = association.send_c_store(dcmread(BytesIO(image.file)))
                except (RuntimeError, ValueError):
                    self.ledger.refused("association lost")
                    return
                if "Status" not in answer:
                    self.ledger.refused("no answer")
                    return
                if answer.Status == 0x0000:
                    self.ledger.promised(image, False, began)
                    yield image
                else:
                    self.ledger.refused(f"0x{answer.Status:04X}")
        finally:
            if association.is_established:
                association.release()
            else:
                association.abort()


class Program(Sender):
    """STOW-RS with a few instances in each request (PS3.18 §10.5)."""

    def __init__(self, to: Instance, images: Sequence[Image], ledger: Ledger, plan: random.Random, token: str) -> None:
        super().__init__(to, images, ledger, plan)
        self._client = to.client(token)

    def answers(self) -> Iterator[Image]:
        for some in batched(list(self.left), 4, strict=False):
            self.pause()
            began = time.monotonic()
            try:
                answer = stow(self._client, [image.file for image in some])
                taken, not_taken = set(stored(answer)), failed(answer)
            except (requests.RequestException, ValueError) as error:
                self.ledger.refused(f"STOW-RS: {type(error).__name__}")
                continue
            if not taken:
                self.ledger.refused(f"STOW-RS: {answer.status_code}")
            for image in some:
                if image.sop_instance_uid in taken and image.sop_instance_uid not in not_taken:
                    self.ledger.promised(image, True, began)
                    yield image
