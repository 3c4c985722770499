# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a caller cannot go on from. Each error carries the HTTP status and the sentence that the outside may read (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus


class CloudFilmError(Exception):
    """The root of our exceptions.

    Attributes
    ----------
    status : HTTPStatus
        What an HTTP client gets.
    public_message : str
        Says what was wrong and what is allowed. Never holds a token, a code, a path or another person's data.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, public_message: str) -> None:
        super().__init__(public_message)
        self.public_message = public_message


class BadRequest(CloudFilmError):
    """The request cannot be understood or asks for what is not allowed."""

    status = HTTPStatus.BAD_REQUEST


class Unauthenticated(CloudFilmError):
    """No credential, or one that is not ours or no longer valid."""

    status = HTTPStatus.UNAUTHORIZED


class NotFound(CloudFilmError):
    """It does not exist, or the credential may not know that it does: both look the same."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self, public_message: str = "There is nothing at this address.") -> None:
        super().__init__(public_message)


class NotAcceptable(CloudFilmError):
    """It cannot be given in any form that the client takes."""

    status = HTTPStatus.NOT_ACCEPTABLE


class Conflict(CloudFilmError):
    """The request contradicts what is already stored."""

    status = HTTPStatus.CONFLICT


class Gone(CloudFilmError):
    """It existed and has been deleted on purpose."""

    status = HTTPStatus.GONE


class TooLarge(CloudFilmError):
    """The body is larger than what is allowed."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaType(CloudFilmError):
    """A kind of document that cannot be taken."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class TooManyAttempts(CloudFilmError):
    """Wrong codes were tried too often from one address.

    Attributes
    ----------
    retry_after_seconds : int
        When the next try is answered.
    """

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, public_message: str, retry_after_seconds: int) -> None:
        super().__init__(public_message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(CloudFilmError):
    """A part that we depend on does not answer; trying again later helps."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class SettingInvalid(CloudFilmError):
    """A setting cannot be used.

    Attributes
    ----------
    setting, value, allowed : str
        Name as in orthanc.json, the value found there, and what would be accepted.
    """

    def __init__(self, setting: str, value: object, allowed: str) -> None:
        super().__init__(f'Setting "{setting}" is {value!r}, allowed is {allowed}. Change it in orthanc.json, section "CloudFilm".')
        self.setting, self.value, self.allowed = setting, value, allowed
