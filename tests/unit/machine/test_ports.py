# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ports that somebody else listens on are told before anything is started."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from machine.installation import CannotStart
from machine.options import Options
from machine.preflight import check_ports
from tests.support.instance import free_ports


def test_a_gateway_starts_beside_whoever_has_the_ports_that_it_does_not_serve() -> None:
    http, dicom, ipp, hl7, printing = free_ports(5)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = Options(taken.getsockname()[1], http, dicom, ipp, hl7, printing, "127.0.0.1", "https://localhost", False, role="gateway")
        check_ports(gateway)
        with pytest.raises(CannotStart, match="--https-port"):
            check_ports(replace(gateway, role="all"))
        with pytest.raises(CannotStart, match="--hl7-port"):
            check_ports(replace(gateway, hl7_port=gateway.https_port))
