# SPDX-License-Identifier: AGPL-3.0-or-later
"""The storage area that the settings describe, wired: for Orthanc's callbacks, for the workers and for the admin command alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cloudfilm.db.database import Database
from cloudfilm.db.orthanc_index import prepare_orthanc_index, siblings
from cloudfilm.db.storage_objects import installation_id
from cloudfilm.orthanc_api.prefetch import Prefetch
from cloudfilm.orthanc_api.storage_area import StorageArea
from cloudfilm.settings import Settings
from cloudfilm.storage.bucket import Bucket
from cloudfilm.storage.encryption_keys import read_encryption_keys
from cloudfilm.storage.local_attachments import LocalAttachments
from cloudfilm.storage.read_cache import ReadCache

_INSTANCES_AHEAD = 2000


@dataclass(frozen=True, slots=True)
class ObjectStorage:
    """The parts that are needed together."""

    area: StorageArea
    bucket: Bucket
    local: LocalAttachments
    database: Database
    index: Database


def open_object_storage(
    settings: Settings, database: Database, configuration: Mapping[str, Any], has_cache: bool = True
) -> ObjectStorage | None:
    """None where the settings name no bucket: then Orthanc's built-in storage area does all.

    Parameters
    ----------
    configuration
        All of orthanc.json: the index is where Orthanc has it.
    has_cache
        False for whoever reads each object once, and may run under another user.
    """
    s3 = settings.s3
    if s3 is None:
        return None
    keys = read_encryption_keys(s3.encryption_key_file) if s3.encryption_key_file else None
    with database.transaction() as cursor:
        mark = installation_id(cursor)
    bucket = Bucket(s3, mark)
    local = LocalAttachments(settings.attachments_directory)
    cache = ReadCache(settings.read_cache_directory, s3.cache_bytes) if s3.cache_bytes and has_cache else None
    area = StorageArea(database, bucket, local, cache, keys, s3.root_path, settings.stores_to_s3)
    index = Database(configuration["PostgreSQL"]["ConnectionUri"], maximum_connections=2)
    return ObjectStorage(area, bucket, local, database, index)


def start_prefetch(storage: ObjectStorage, settings: Settings) -> Prefetch | None:
    """Let the area fetch a series when its first instance is read; None where that is switched off."""
    if settings.s3 is None or not settings.s3.prefetch_threads or not settings.s3.cache_bytes:
        return None
    is_prepared = False

    def siblings_of(attachment_id: UUID) -> tuple[int, list[tuple[UUID, int]]]:
        nonlocal is_prepared
        with storage.index.transaction() as cursor:
            if not is_prepared:
                prepare_orthanc_index(cursor)
                is_prepared = True
            return siblings(cursor, attachment_id, _INSTANCES_AHEAD)

    prefetch = Prefetch(settings.s3.prefetch_threads, siblings_of, storage.area.fetch, storage.area.is_at_hand)
    storage.area.read_from_store = prefetch.series_of
    return prefetch
