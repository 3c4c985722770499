# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delivery of messages to a syslog server over UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425).

Syslog has no acknowledgement. Over TCP and TLS we close our side and wait until the server closes its own: it has read everything by then
(RFC 5425 §4.4 demands that answer). A server that dies in between makes the delivery fail, and it is repeated: nothing is lost, something may
come twice. UDP promises nothing.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from cloudfilm.access.syslog_message import with_octet_count

_CONNECT_SECONDS = 5.0
_SILENCE_SECONDS = 10.0
# A receiver's buffer holds some hundred datagrams.
_PAUSE_BETWEEN_DATAGRAMS = 0.001
_REFUSAL_SECONDS = 0.1


def deliver(server: str, ca_file: str, messages: Sequence[bytes]) -> None:
    """Send messages in order.

    Parameters
    ----------
    server : str
        ``tls://host:port``, ``tcp://…`` or ``udp://…``.
    ca_file : str
        Certificates that vouch for a TLS server; empty for the system's.

    Raises
    ------
    OSError
        They may not have arrived, or not all.
    """
    parts = urlsplit(server)
    host, port = str(parts.hostname), int(parts.port or 0)
    if parts.scheme == "udp":
        _deliver_datagrams(host, port, messages)
        return
    context = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "tls" else None
    stream = b"".join(map(with_octet_count, messages))
    with socket.create_connection((host, port), timeout=_CONNECT_SECONDS) as connection:
        connection.settimeout(_SILENCE_SECONDS)
        if context is None:
            connection.sendall(stream)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        else:
            with context.wrap_socket(connection, server_hostname=host) as secured:
                secured.sendall(stream)
                secured.unwrap()


def _deliver_datagrams(host: str, port: int, messages: Sequence[bytes]) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as datagrams:
        datagrams.connect(address)
        for message in messages:
            datagrams.send(message)
            time.sleep(_PAUSE_BETWEEN_DATAGRAMS)
        # A host that nobody listens on says so, now and then.
        datagrams.settimeout(_REFUSAL_SECONDS)
        with contextlib.suppress(TimeoutError):
            datagrams.recv(1)
