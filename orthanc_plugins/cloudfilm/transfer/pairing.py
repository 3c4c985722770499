# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the gateway knows of its cloud: the address and the token, in one file of mode 0600."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import requests

from cloudfilm.errors import BadRequest, CloudFilmError, Unavailable
from cloudfilm.storage.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Pairing:
    """One gateway's tie to one cloud."""

    cloud_url: str
    token: str
    gateway_id: str
    hospital_id: str
    name: str


class PairingFile:
    """Read by the forwarder, written at pairing and when the token is renewed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Pairing | None:
        """None before pairing."""
        try:
            return Pairing(**json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def write(self, pairing: Pairing) -> None:
        """Whole or not at all, for whoever owns the folder."""
        write_whole(self._path, json.dumps(asdict(pairing)).encode())

    def renew(self, pairing: Pairing, token: str) -> Pairing | None:
        """Go on with another token, unless somebody has paired anew meanwhile."""
        known = self.read()
        if known is not None and known.gateway_id == pairing.gateway_id:
            self.write(replace(known, token=token))
        return self.read()


def exchange_code(cloud_url: str, code: str, ca_file: str, proxy: str) -> Pairing:
    """Give the code, get the token.

    Raises
    ------
    CloudFilmError
        A sentence for whoever typed the code.
    """
    parts = urlsplit(cloud_url)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise BadRequest("The cloud's address must be like https://films.example.org, without a path.")
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file or True
    session.proxies = {"https": proxy} if proxy else {}
    url = cloud_url.rstrip("/")
    try:
        answer = session.post(f"{url}/api/v1/gateways/pair", json={"pairing_code": code}, timeout=(10, 30), allow_redirects=False)
    except requests.exceptions.SSLError as error:
        raise Unavailable(
            "The cloud's certificate is not trusted: check the address, or name its CA with CLOUDFILM_GATEWAY_CA_FILE."
        ) from error
    except requests.RequestException as error:
        raise Unavailable("The cloud does not answer: check the address, the line and the proxy (CLOUDFILM_GATEWAY_PROXY).") from error
    if answer.status_code != requests.codes.created:
        try:
            detail = str(answer.json()["detail"])
        except (ValueError, KeyError, TypeError):
            detail = f"the cloud answered {answer.status_code}"
        raise CloudFilmError(f"The gateway could not be paired: {detail}")
    told = answer.json()
    return Pairing(url, str(told["token"]), str(told["gateway_id"]), str(told["hospital_id"]), str(told["name"]))
