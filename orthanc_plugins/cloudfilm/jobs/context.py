# SPDX-License-Identifier: AGPL-3.0-or-later
"""What jobs work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cloudfilm.access.key_ring import KeyRing, KeySource
from cloudfilm.db.database import Database
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.settings import Settings
from cloudfilm.storage.documents import DocumentStore


@dataclass(frozen=True, slots=True)
class JobContext:
    """The parts that a worker was wired with."""

    settings: Settings
    database: Database
    keys: KeySource
    documents: DocumentStore
    orthanc: OrthancClient
    clock: Callable[[], datetime]

    @property
    def key_ring(self) -> KeyRing:
        """The keys of this moment."""
        return self.keys()
