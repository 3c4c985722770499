# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often a provider is asked for its keys, and what its outage does: time is an argument."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cloudfilm.doors.openid_documents import ProviderDocuments, ProviderUnusable
from cloudfilm.doors.openid_memory import OpenIdMemory

KEY = jwt.PyJWK(jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True))


class FakeProvider:
    """Counts how often it is asked; ``names`` are the keys it has, None while it is down."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] | None = ("a",)
        self.asked, self.now = 0, 1000.0

    def fetch(self, _issuer: str) -> ProviderDocuments:
        self.asked += 1
        if self.names is None:
            raise ProviderUnusable("down")
        return ProviderDocuments("https://x/authorize", "https://x/token", dict.fromkeys(self.names, KEY))


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def memory(provider: FakeProvider) -> OpenIdMemory:
    return OpenIdMemory("https://x", provider.fetch, lambda: provider.now)


def test_nothing_is_asked_before_somebody_comes(provider: FakeProvider, memory: OpenIdMemory) -> None:
    assert provider.asked == 0


def test_known_keys_are_asked_for_once_in_ten_minutes(provider: FakeProvider, memory: OpenIdMemory) -> None:
    for second in range(600):
        provider.now = 1000.0 + second
        assert memory.key("a") is KEY
    assert provider.asked == 1
    provider.now = 1600.0
    assert memory.key("a") is KEY
    assert provider.asked == 2


def test_a_key_that_is_gone_is_not_used_any_more(provider: FakeProvider, memory: OpenIdMemory) -> None:
    assert memory.key("a") is KEY
    provider.names, provider.now = ("b",), 1600.0
    assert memory.key("a") is None
    assert memory.key("b") is KEY


def test_unknown_keys_cost_one_question_a_minute(provider: FakeProvider, memory: OpenIdMemory) -> None:
    memory.documents()
    for second in range(120):
        provider.now = 1000.0 + second
        assert memory.key(f"unknown-{second}") is None
    assert provider.asked == 1 + 2


def test_a_new_key_is_found_at_once_unless_somebody_has_just_asked_for_another(provider: FakeProvider, memory: OpenIdMemory) -> None:
    memory.documents()
    provider.names = ("a", "b")
    assert memory.key("b") is KEY
    provider.names = ("a", "b", "c")
    assert memory.key("c") is None
    provider.now += 60
    assert memory.key("c") is KEY


def test_while_it_is_down_it_is_asked_every_ten_seconds_at_most(provider: FakeProvider, memory: OpenIdMemory) -> None:
    provider.names = None
    for second in range(60):
        provider.now = 1000.0 + second
        assert memory.key("a") is None
        assert memory.documents() is None
    assert provider.asked == 6


def test_known_keys_outlast_an_outage_of_an_hour_and_no_longer(provider: FakeProvider, memory: OpenIdMemory) -> None:
    assert memory.key("a") is KEY
    provider.names, provider.now = None, 1000.0 + 3599
    assert memory.key("a") is KEY
    provider.now = 1000.0 + 3600
    assert memory.key("a") is None
    provider.names, provider.now = ("a",), 1000.0 + 3700
    assert memory.key("a") is KEY


def test_of_many_at_once_one_asks_and_few_wait(provider: FakeProvider) -> None:
    goes_on, asking = threading.Event(), threading.Event()

    def slow(issuer: str) -> ProviderDocuments:
        asking.set()
        goes_on.wait(10)
        return provider.fetch(issuer)

    memory = OpenIdMemory("https://x", slow, lambda: provider.now)
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(memory.key, "a")
        assert asking.wait(10)
        others = [pool.submit(memory.key, "a") for _ in range(19)]
        assert [other.result(10) for other in others[3:]].count(None) >= 16 - 3, "most do not wait"
        goes_on.set()
        assert first.result(10) is KEY
    assert provider.asked == 1


def test_nobody_waits_while_known_keys_are_asked_for_again(provider: FakeProvider) -> None:
    goes_on, asking = threading.Event(), threading.Event()
    goes_on.set()

    def slow(issuer: str) -> ProviderDocuments:
        asking.set()
        goes_on.wait(10)
        return provider.fetch(issuer)

    memory = OpenIdMemory("https://x", slow, lambda: provider.now)
    assert memory.key("a") is KEY
    asking.clear()
    goes_on.clear()
    provider.now += 600
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(memory.key, "a")
        assert asking.wait(10)
        assert pool.submit(memory.key, "a").result(5) is KEY
        goes_on.set()
        assert first.result(10) is KEY
