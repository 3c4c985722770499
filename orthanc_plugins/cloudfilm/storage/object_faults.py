# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong with an object. The messages are for the log: they name objects and servers, never a credential or a patient."""

from __future__ import annotations

from cloudfilm.errors import CloudFilmError, Unavailable


class ObjectStoreUnavailable(Unavailable):
    """The object store does not answer, refuses us, or did not answer in time. Trying again later may help."""


class ObjectMissing(CloudFilmError):
    """There is no such object."""


class ObjectDamaged(CloudFilmError):
    """The bytes are not those that were stored, or cannot be decrypted."""
