# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc's storage area on two levels: the object store and this machine's disk. Where an attachment lies is decided for each.

An attachment is in the object store when a row of ``storage_object`` says so, on disk when its file is there. Storing goes to one place, set by
``Storage``; reading and removing reach both, so that attachments can be moved while everything runs. What an exception says goes to the log: Orthanc's
answer is then 0xA700 to a C-STORE, a failure to STOW-RS and 503 to a reader.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from cloudfilm.db.database import Database
from cloudfilm.db.storage_objects import (
    StorageObject,
    add_storage_object,
    forget_storage_object,
    leave_flushing_to_next_commit,
    mark_removed,
    storage_object,
)
from cloudfilm.errors import CloudFilmError
from cloudfilm.storage.bucket import Bucket
from cloudfilm.storage.encryption_keys import EncryptionKeys
from cloudfilm.storage.local_attachments import LocalAttachments
from cloudfilm.storage.object_encryption import decrypt, encrypt
from cloudfilm.storage.object_faults import ObjectDamaged, ObjectMissing
from cloudfilm.storage.object_names import object_name, possible_names
from cloudfilm.storage.read_cache import ReadCache
from cloudfilm.storage.single_flight import SingleFlight

_ENCRYPTED = ".enc"


class StorageArea:
    """Create, read and remove, as Orthanc calls them from any of its threads.

    Attributes
    ----------
    read_from_store
        Called with the identifier of what has to be fetched from the object store, so that what will be wanted next is fetched too.
    """

    def __init__(
        self,
        database: Database,
        bucket: Bucket,
        local: LocalAttachments,
        cache: ReadCache | None,
        keys: EncryptionKeys | None,
        root_path: str,
        stores_to_s3: bool,
    ) -> None:
        self._database, self._bucket, self._local, self._cache, self._keys = database, bucket, local, cache, keys
        self._root_path, self._stores_to_s3 = root_path, stores_to_s3
        self._flights: SingleFlight[UUID, bytes] = SingleFlight()
        self.read_from_store: Callable[[UUID], None] = lambda _attachment_id: None

    def create(self, uuid: str, content_type: int, content: bytes) -> None:
        """Store; when this returns the bytes are durable, checked and recorded."""
        attachment_id = UUID(uuid)
        if not self._stores_to_s3:
            self._local.write(attachment_id, content)
            return
        stored = self.store(attachment_id, content_type, content)
        if self._cache is not None:
            # It is read again soon, for the series' metadata and its publication.
            self._cache.put(attachment_id, content, stored.sha256)

    def store(self, attachment_id: UUID, content_type: int, content: bytes) -> StorageObject:
        """Put into the object store and record it there."""
        keys = self._keys
        one = StorageObject(
            attachment_id,
            content_type,
            object_name(self._root_path, attachment_id, content_type, encrypted=keys is not None),
            len(content),
            hashlib.sha256(content).digest(),
            keys.newest if keys else None,
        )
        self._bucket.put(one.object_name, encrypt(content, attachment_id, keys, os.urandom) if keys else content)
        try:
            with self._database.transaction() as cursor:
                leave_flushing_to_next_commit(cursor)
                add_storage_object(cursor, one)
        except BaseException:
            with suppress(CloudFilmError):  # if that fails too, the tidying finds it
                self._bucket.delete(one.object_name)
            raise
        return one

    def read(self, uuid: str, content_type: int) -> bytes:
        """The attachment's bytes."""
        attachment_id = UUID(uuid)
        if self._cache is not None and (cached := self._cache.get(attachment_id)) is not None:
            return cached
        if (on_disk := self._local.read(attachment_id)) is not None:
            return on_disk
        # Asked for before it is fetched: the series comes while this one is on its way.
        self.read_from_store(attachment_id)
        return self.fetch(attachment_id, content_type)

    def fetch(self, attachment_id: UUID, content_type: int) -> bytes:
        """From the object store into the cache, once for all who ask at the same time.

        Raises
        ------
        ObjectMissing, ObjectDamaged, ObjectStoreUnavailable
            Nothing was kept.
        """
        return self._flights.join(attachment_id, lambda: self._fetch(attachment_id, content_type))

    def _fetch(self, attachment_id: UUID, content_type: int) -> bytes:
        with self._database.transaction() as cursor:
            recorded = storage_object(cursor, attachment_id)
        try:
            if recorded is not None:
                content = self._checked(recorded)
            else:
                content, recorded = self._adopt(attachment_id, content_type)
        except ObjectMissing:
            if (on_disk := self._local.read(attachment_id)) is not None:
                return on_disk  # moved there at this moment
            raise
        if self._cache is not None:
            self._cache.put(attachment_id, content, recorded.sha256)
        return content

    def remove(self, uuid: str, content_type: int) -> None:
        """Delete everywhere. What the object store cannot delete now is deleted by the tidying."""
        attachment_id = UUID(uuid)
        with self._database.transaction() as cursor:
            recorded = mark_removed(cursor, attachment_id)
        if self._cache is not None:
            self._cache.discard(attachment_id)
        was_on_disk = self._local.remove(attachment_id)
        if recorded is not None:
            self.drop(recorded)
        elif not was_on_disk:
            for name in possible_names(self._root_path, attachment_id, content_type):
                self._bucket.delete(name)

    def drop(self, recorded: StorageObject) -> None:
        """Delete the object, then its row."""
        self._bucket.delete(recorded.object_name)
        with self._database.transaction() as cursor:
            forget_storage_object(cursor, recorded.attachment_id)

    def is_at_hand(self, attachment_id: UUID) -> bool:
        """Whether reading it asks no object store."""
        return (self._cache is not None and self._cache.holds(attachment_id)) or self._local.holds(attachment_id)

    def _checked(self, recorded: StorageObject) -> bytes:
        """The bytes that were stored. What differs is asked for once more: it may have been damaged on its way."""
        for is_last in (False, True):
            try:
                content = self._open(recorded.object_name, recorded.attachment_id)
                if hashlib.sha256(content).digest() == recorded.sha256:
                    return content
            except ObjectDamaged:
                if is_last:
                    raise
        raise ObjectDamaged(f"The object {recorded.object_name} is not what was stored under its name.")

    def _open(self, name: str, attachment_id: UUID) -> bytes:
        content = self._bucket.get(name)
        if not name.endswith(_ENCRYPTED):
            return content
        if self._keys is None:
            raise ObjectDamaged(f"The object {name} is encrypted, and S3EncryptionKeyFile names no keys.")
        return decrypt(content, attachment_id, self._keys)

    def _adopt(self, attachment_id: UUID, content_type: int) -> tuple[bytes, StorageObject]:
        """What another program has put into the bucket: from its first reading on, its checksum is known too."""
        for name in possible_names(self._root_path, attachment_id, content_type):
            try:
                content = self._open(name, attachment_id)
            except ObjectMissing:
                continue
            one = StorageObject(attachment_id, content_type, name, len(content), hashlib.sha256(content).digest(), None)
            with self._database.transaction() as cursor:
                add_storage_object(cursor, one)
            return content, one
        raise ObjectMissing(f"The attachment {attachment_id} is neither in the object store nor on disk.")
