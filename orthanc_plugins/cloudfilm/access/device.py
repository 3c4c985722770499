# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be said of where somebody came from without guessing: the kind of device, and a shortened network address."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum

_TABLET = re.compile(r"ipad|tablet|android(?!.*mobile)", re.IGNORECASE)
_PHONE = re.compile(r"mobi|iphone|ipod|micromessenger.*(android|ios)|harmony.*phone", re.IGNORECASE)
_COMPUTER = re.compile(r"windows nt|macintosh|\(pc;|x11|cros|linux x86", re.IGNORECASE)


class Device(StrEnum):
    """The kind of device that a User-Agent header claims."""

    PHONE = "phone"
    TABLET = "tablet"
    COMPUTER = "computer"
    PROGRAM = "program"


def device_of(user_agent: str) -> Device:
    """The kind of device; whatever does not call itself a browser on one is a program."""
    if not user_agent.startswith("Mozilla/"):
        return Device.PROGRAM
    if _TABLET.search(user_agent):
        return Device.TABLET
    if _PHONE.search(user_agent):
        return Device.PHONE
    return Device.COMPUTER if _COMPUTER.search(user_agent) else Device.PROGRAM


def shortened_address(address: str) -> str:
    """What a patient may see of an address: its network (IPv4 /24, IPv6 /48), ``203.0.113.*``."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed).rsplit(".", 1)[0] + ".*"
    groups = (int.from_bytes(parsed.packed[place : place + 2], "big") for place in (0, 2, 4))
    return ":".join(f"{group:x}" for group in groups) + ":*"


def throttled_network(address: str) -> str:
    """What counts as one guesser: an IPv4 address, or an IPv6 /64, which one line has whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
