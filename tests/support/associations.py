# SPDX-License-Identifier: AGPL-3.0-or-later
"""Associations of the tests' own modalities, whose answers reach whoever asked.

pynetdicom 3.0.4 has two threads at an association: the one that asks and waits, and a reactor that serves what the peer asks. The reactor is told to
pause while somebody waits, but may be between the question and its pause on a busy machine; it then takes the answer, logs "Received unexpected …
service message", and whoever asked waits for nothing.
"""

from __future__ import annotations

from typing import Any


def associate(entity: Any, *arguments: Any, **options: Any) -> Any:
    """``entity.associate(…)``; an answer that the reactor took is put back into the queue of answers."""
    association = entity.associate(*arguments, **options)
    serve = association._serve_request

    def serve_requests_only(message: Any, context_id: int) -> None:
        if message.is_valid_request:
            serve(message, context_id)
        else:
            association.dimse.msg_queue.put((context_id, message))

    association._serve_request = serve_requests_only
    return association
