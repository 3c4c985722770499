# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members of staff for tests: an account made by scripts/cloudfilm, and a client that has signed in to it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import requests

from tests.support.instance import Instance


@dataclass(frozen=True)
class Member:
    """Somebody who may sign in."""

    instance: Instance
    account_id: str
    login: str
    password: str

    def try_to_sign_in(self, client: requests.Session, password: str | None = None) -> requests.Response:
        """Send the form."""
        return client.post("/staff/sign-in", data={"login": self.login, "password": password or self.password})

    def client(self) -> requests.Session:
        """A browser of its own that has signed in."""
        client = self.instance.client()
        answer = self.try_to_sign_in(client)
        assert (answer.status_code, answer.headers.get("Location")) == (303, "/staff/"), answer.text[:2000]
        return client


def add_member(instance: Instance, role: str, hospital_id: str | None = None) -> Member:
    """A new account of this role."""
    login = f"{role}-{uuid4().hex[:8]}"
    where = ["--hospital", hospital_id] if hospital_id else []
    added = instance.admin("user", "add", "--login", login, "--name", "李文静", "--role", role, *where)
    return Member(instance, added["account_id"], login, added["password"])
