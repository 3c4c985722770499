# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc's HTTP filter: the second lock behind nginx. No by default; an exception means no."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

from cloudfilm.access.holder import ApiHolder, InternalHolder
from cloudfilm.access.orthanc_rules import is_portal, orthanc_request
from cloudfilm.access.policy import Action
from cloudfilm.doors.asker import Asker
from cloudfilm.doors.doorkeeper import Doorkeeper
from cloudfilm.orthanc_api.senders import Sender, SenderOfThread

OWN_STORE = "/instances"  # of Orthanc's REST API: only our own processes may use it
# OrthancPluginHttpMethod, as the filter gets it; REST callbacks get the name.
METHODS = {1: "GET", 2: "POST", 3: "PUT", 4: "DELETE"}
_log = logging.getLogger(__name__)


class HttpFilter:
    """Decides every request that reaches Orthanc's HTTP server."""

    def __init__(self, doorkeeper: Doorkeeper, senders: SenderOfThread) -> None:
        self._doorkeeper, self._senders = doorkeeper, senders

    def __call__(self, uri: str, **request: Any) -> bool:
        """Whether Orthanc may answer.

        A STOW-RS request is read in the thread that asked here: what it stores is the hospital's whose token this is (`SenderOfThread`).
        """
        self._senders.forget(threading.get_ident())
        if is_portal(uri):
            return True
        try:
            return self._is_allowed(uri, request)
        except Exception:
            _log.exception("the HTTP filter could not decide, so it denied")
            return False

    def _is_allowed(self, uri: str, request: Mapping[str, Any]) -> bool:
        method = METHODS.get(request["method"], "")
        asked = orthanc_request(method, uri, request.get("get") or {})
        asker = Asker.of(request["headers"], request.get("ip", ""))
        if asked.action is Action.STORE_IMAGES and isinstance(holder := self._doorkeeper.would_allow(asked, asker), ApiHolder):
            # Written down by study, as its instances come in (`IncomingInstances`).
            self._senders.remember(threading.get_ident(), Sender(holder, asker))
            return True
        if method == "POST" and uri == OWN_STORE and isinstance(self._doorkeeper.would_allow(asked, asker), InternalHolder):
            self._senders.remember_own(threading.get_ident())
        return self._doorkeeper.allows(asked, asker) is not None
