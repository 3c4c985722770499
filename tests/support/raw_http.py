# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTPS requests whose path and method are sent as they are written: no client in between makes them proper."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass

from tests.support.instance import Instance


@dataclass
class Answer:
    """What came back on a connection that lets any bytes through."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(instance: Instance, token: str, method: str, path: str) -> Answer:
    connection = http.client.HTTPSConnection("localhost", instance.https_port, context=ssl._create_unverified_context(), timeout=15)
    connection.putrequest(method, path, skip_accept_encoding=True)
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    response = connection.getresponse()
    answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    connection.close()
    return answer
