# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said of where somebody came from: kinds of device from User-Agent headers as browsers send them, and shortened addresses."""

from __future__ import annotations

import pytest

from cloudfilm.access.device import Device, device_of, shortened_address, throttled_network

USER_AGENTS = [
    (
        "WeChat on Android",
        "Mozilla/5.0 (Linux; Android 13; M2012K11AC Build/TKQ1.220829.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
        " Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MMWEBID/1234 MicroMessenger/8.0.47.2560(0x28002F36)"
        " WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
        Device.PHONE,
    ),
    (
        "WeChat on an iPhone",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
        " MicroMessenger/8.0.47(0x18002f2c) NetType/4G Language/zh_CN",
        Device.PHONE,
    ),
    (
        "WeChat on Windows",
        "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36 NetType/WIFI"
        " MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13) XWEB/9129 Flue",
        Device.COMPUTER,
    ),
    (
        "WeChat on macOS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36"
        " NetType/WIFI MicroMessenger/6.8.0(0x16080000) MacWechat/3.8.6(0x13080612) XWEB/1156 Flue",
        Device.COMPUTER,
    ),
    (
        "HarmonyOS NEXT phone",
        "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"
        " Mobile HuaweiBrowser/5.0.4.300",
        Device.PHONE,
    ),
    (
        "HarmonyOS NEXT tablet",
        "Mozilla/5.0 (Tablet; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"
        " HuaweiBrowser/5.0.4.300",
        Device.TABLET,
    ),
    (
        "HarmonyOS 4 phone",
        "Mozilla/5.0 (Linux; Android 12; HarmonyOS; ALN-AL00; HMSCore 6.13.0.302) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/99.0.4844.88 HuaweiBrowser/14.0.5.303 Mobile Safari/537.36",
        Device.PHONE,
    ),
    (
        "HarmonyOS PC",
        "Mozilla/5.0 (PC; OpenHarmony 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0.0.47",
        Device.COMPUTER,
    ),
    (
        "Safari on an iPhone",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148"
        " Safari/604.1",
        Device.PHONE,
    ),
    (
        "Safari on an iPad that asks for mobile pages",
        "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
        Device.TABLET,
    ),
    (
        "Chrome on an Android tablet",
        "Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
        Device.TABLET,
    ),
    (
        "Chrome on an Android phone",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36",
        Device.PHONE,
    ),
    (
        "Edge on Windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0",
        Device.COMPUTER,
    ),
    (
        "Safari on macOS, or an iPad that asks for desktop pages",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
        Device.COMPUTER,
    ),
    ("Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", Device.COMPUTER),
    ("Chrome OS", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0", Device.COMPUTER),
    ("curl", "curl/8.14.1", Device.PROGRAM),
    ("requests", "python-requests/2.32.3", Device.PROGRAM),
    ("a search engine", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", Device.PROGRAM),
    ("nothing", "", Device.PROGRAM),
]


@pytest.mark.parametrize(("user_agent", "device"), [row[1:] for row in USER_AGENTS], ids=[row[0] for row in USER_AGENTS])
def test_the_kind_of_device(user_agent: str, device: Device) -> None:
    assert device_of(user_agent) is device


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.77", "203.0.113.*"),
        ("10.0.0.1", "10.0.0.*"),
        ("::ffff:203.0.113.77", "203.0.113.*"),
        ("2001:db8:12:3456:789a::1", "2001:db8:12:*"),
        ("::1", "0:0:0:*"),
        ("fe80::1%eth0", "fe80:0:0:*"),
        ("", ""),
        ("unix:", ""),
        ("203.0.113.77, 10.0.0.1", ""),
    ],
)
def test_a_patient_sees_the_network_and_no_more(address: str, shown: str) -> None:
    assert shortened_address(address) == shown


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("::ffff:203.0.113.77", "203.0.113.77"),
        ("2001:db8:12:3456:789a::1", "2001:db8:12:3456::/64"),
        ("2001:db8:12:3456::2", "2001:db8:12:3456::/64"),
        ("2001:db8:12:3457::2", "2001:db8:12:3457::/64"),
        ("nonsense", "unknown"),
    ],
)
def test_one_line_is_one_guesser(address: str, network: str) -> None:
    assert throttled_network(address) == network
