# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser

from tests.conftest import ARGUMENTS, CHROMIUM
from tests.support.instance import Instance


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An installation with one hospital and its CT scanner."""
    running = Instance(tmp_path_factory.mktemp("e2e"))
    running.start()
    running.admin("hospital", "add", "jia", "--name", "甲医院")
    running.admin("modality", "add", "--hospital", "jia", "--aet", "CT1", "--host", "127.0.0.1")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def trusting(instance: Instance, browser: Browser) -> Iterator[Browser]:
    """Chromium that trusts the instance's certificate: of a server that it does not trust, it keeps nothing."""
    certificate = x509.load_pem_x509_certificate((instance.data / "tls/certificate.pem").read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = base64.b64encode(sha256(key).digest()).decode()
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, f"--ignore-certificate-errors-spki-list={trusted}"])
    yield chromium
    chromium.close()
