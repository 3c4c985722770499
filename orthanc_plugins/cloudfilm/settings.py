# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings: the section "CloudFilm" of orthanc.json, parsed once into a typed value.

Orthanc substitutes ``${VAR}`` and ``${VAR:-default}`` itself before the plugin sees its configuration; processes that run outside Orthanc
(worker, admin command, launcher) read the same file here and get the same result.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import json5

from cloudfilm.errors import SettingInvalid
from cloudfilm.gateway_settings import GatewaySettings, read_gateway_settings
from cloudfilm.s3_settings import S3Settings, read_s3_settings

SECTION = "CloudFilm"
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)(?::-([^{}]*))?\}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs per installation. ``docs/settings.md`` explains each; a test holds the two together."""

    public_url: str
    database_uri: str
    data_directory: Path
    orthanc_url: str
    time_zone: ZoneInfo
    session_hours: int
    viewer_token_minutes: int
    delivery_hours: int
    kiosk_days: int
    kiosk_idle_seconds: int
    maximum_report_megabytes: int
    refuses_active_documents: bool
    report_wait_seconds: int
    wrong_codes_per_quarter_hour: int
    wrong_codes_per_quarter_hour_in_all: int
    staff_session_hours: int
    staff_idle_minutes: int
    oidc_issuer: str
    oidc_audience: str
    oidc_hospital_claim: str
    oidc_client_id: str
    oidc_client_secret_file: Path | None
    oidc_link_by_login: bool
    set_aside_megabytes: int
    stamp_corner: str
    stamp_size_millimeters: int
    published_gigabytes: int
    published_days: int
    published_verified_percent: int
    audit_syslog: str
    audit_syslog_ca_file: str
    stores_to_s3: bool
    s3: S3Settings | None
    gateway: GatewaySettings

    @property
    def keys_directory(self) -> Path:
        """Folder of the signing, sealing and hashing keys, files of mode 0600."""
        return self.data_directory / "keys"

    @property
    def documents_directory(self) -> Path:
        """Folder of report documents and page images, by content."""
        return self.data_directory / "documents"

    @property
    def published_directory(self) -> Path:
        """The published viewing path: what nginx serves itself."""
        return self.data_directory / "published"

    @property
    def audit_heads_file(self) -> Path:
        """What the audit trail ended with, minute by minute."""
        return self.data_directory / "audit" / "heads.log"

    @property
    def arriving_directory(self) -> Path:
        """Folder of large instances while they are looked at."""
        return self.data_directory / "arriving"

    @property
    def stow_socket(self) -> Path:
        """Where nginx brings what is to be stored."""
        return self.data_directory / "run" / "stow.sock"

    @property
    def message_socket(self) -> Path:
        """Where the portal brings HL7 messages that came through a gateway."""
        return self.data_directory / "run" / "messages.sock"

    @property
    def attachments_directory(self) -> Path:
        """Orthanc's own folder of attachments, laid out by Orthanc (``StorageDirectory`` of orthanc.json)."""
        return self.data_directory / "orthanc"

    @property
    def read_cache_directory(self) -> Path:
        """Folder of what was read from the object store; deleting it loses nothing."""
        return self.data_directory / "cache" / "s3"

    @property
    def set_aside_directory(self) -> Path:
        """Folder of refused instances that people have still to look at, by content."""
        return self.data_directory / "set-aside"


def parse_settings(section: Mapping[str, Any]) -> Settings:
    """Parse the section "CloudFilm" of the configuration.

    Parameters
    ----------
    section : Mapping
        Keys in CamelCase, as in orthanc.json. Numbers may be strings, since ``${VAR:-…}`` yields strings.

    Raises
    ------
    SettingInvalid
        Names the setting, the value found and what is allowed. An unknown key is refused too: it is a misspelt one.
    """
    reader = _Reader(section)
    settings = Settings(
        public_url=reader.url("PublicUrl", schemes=("https",)),
        database_uri=reader.text("DatabaseUri", "a libpq connection URI, for example postgresql:///cloudfilm?host=/run/postgresql"),
        data_directory=Path(reader.text("DataDirectory", "the path of the data folder")),
        orthanc_url=reader.url("OrthancUrl", schemes=("http", "https")),
        time_zone=reader.time_zone("TimeZone"),
        session_hours=reader.integer("SessionHours", 1, 24 * 7),
        viewer_token_minutes=reader.integer("ViewerTokenMinutes", 1, 120),
        delivery_hours=reader.integer("DeliveryHours", 1, 24 * 30),
        kiosk_days=reader.integer("KioskDays", 0, 90),
        kiosk_idle_seconds=reader.integer("KioskIdleSeconds", 10, 300),
        maximum_report_megabytes=reader.integer("MaximumReportMegabytes", 1, 50),
        refuses_active_documents=reader.choice("ActiveDocuments", ("refuse", "disarm")) == "refuse",
        report_wait_seconds=reader.integer("ReportWaitSeconds", 0, 60),
        wrong_codes_per_quarter_hour=reader.integer("WrongCodesPerQuarterHour", 1, 1000),
        wrong_codes_per_quarter_hour_in_all=reader.integer("WrongCodesPerQuarterHourInAll", 1, 1_000_000),
        staff_session_hours=reader.integer("StaffSessionHours", 1, 24),
        staff_idle_minutes=reader.integer("StaffIdleMinutes", 1, 240),
        oidc_issuer=(issuer := reader.issuer("OidcIssuer")),
        oidc_audience=(audience := reader.optional("OidcAudience")),
        oidc_hospital_claim=reader.text("OidcHospitalClaim", "the name of a claim, for example hospital"),
        oidc_client_id=reader.client_id("OidcClientId", issuer, audience),
        oidc_client_secret_file=Path(secret_file) if (secret_file := reader.optional("OidcClientSecretFile")) else None,
        oidc_link_by_login=reader.choice("OidcLinkByLogin", ("no", "yes")) == "yes",
        set_aside_megabytes=reader.integer("SetAsideMegabytes", 0, 1_000_000),
        stamp_corner=reader.choice("StampCorner", ("top-right", "top-left", "bottom-right", "bottom-left")),
        stamp_size_millimeters=reader.integer("StampSizeMillimeters", 22, 60),
        published_gigabytes=reader.integer("PublishedGigabytes", 0, 1_000_000),
        published_days=reader.integer("PublishedDays", 1, 36_500),
        published_verified_percent=reader.integer("PublishedVerifiedPercent", 0, 100),
        audit_syslog=reader.syslog_server("AuditSyslog"),
        audit_syslog_ca_file=reader.readable_file("AuditSyslogCaFile"),
        stores_to_s3=(stores_to_s3 := reader.choice("Storage", ("local", "s3")) == "s3"),
        s3=(s3 := read_s3_settings(reader)),
        gateway=read_gateway_settings(reader),
    )
    if stores_to_s3 and s3 is None:
        raise SettingInvalid("S3Bucket", "", 'the name of a bucket, since "Storage" is "s3"')
    reader.refuse_unread()
    return settings


def load_settings(orthanc_json: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read orthanc.json and parse our section."""
    return parse_settings(load_configuration(orthanc_json, environment)[SECTION])


def load_configuration(orthanc_json: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """All of orthanc.json, read as Orthanc does (comments, environment variables)."""
    text = _VARIABLE.sub(lambda match: environment.get(match[1], match[2] or ""), orthanc_json.read_text(encoding="utf-8"))
    configuration: dict[str, Any] = json5.loads(text)
    return configuration


class _Reader:
    """Takes one setting after the other out of the section and remembers which were read."""

    def __init__(self, section: Mapping[str, Any]) -> None:
        self._section = section
        self._read: set[str] = set()

    def text(self, name: str, allowed: str) -> str:
        self._read.add(name)
        value = self._section.get(name)
        if not isinstance(value, str | int) or not str(value).strip():
            raise SettingInvalid(name, value, allowed)
        return str(value).strip()

    def optional(self, name: str) -> str:
        self._read.add(name)
        value = self._section.get(name)
        if not isinstance(value, str):
            raise SettingInvalid(name, value, "a text, or an empty one")
        return value.strip()

    def issuer(self, name: str) -> str:
        """An issuer identifier (OpenID Connect Discovery 1.0 §2) is compared letter by letter: it is kept as it is."""
        allowed = "empty, or the provider's own name for itself: an address that begins with https:// (http:// on this machine only)"
        value = self.optional(name)
        parts = urlsplit(value)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))
        if value and (not is_safe or not parts.hostname or parts.query or parts.fragment or parts.username):
            raise SettingInvalid(name, value, allowed)
        return value

    def client_id(self, name: str, issuer: str, audience: str) -> str:
        value = self.optional(name)
        if value and value == audience:
            raise SettingInvalid(name, value, "another value than OidcAudience: what is issued for one must never pass for the other")
        if issuer and not value and not audience:
            raise SettingInvalid(name, value, "a client's identifier, or set OidcAudience: with neither OidcIssuer is of no use")
        return value

    def integer(self, name: str, minimum: int, maximum: int) -> int:
        allowed = f"a whole number from {minimum} to {maximum}"
        value = self.text(name, allowed)
        if not re.fullmatch(r"\d{1,9}", value) or not minimum <= int(value) <= maximum:
            raise SettingInvalid(name, value, allowed)
        return int(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        allowed = "one of " + ", ".join(choices)
        value = self.text(name, allowed)
        if value not in choices:
            raise SettingInvalid(name, value, allowed)
        return value

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        allowed = f"an address like {schemes[0]}://host:port, without a path"
        value = self.text(name, allowed).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in schemes or not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
            raise SettingInvalid(name, value, allowed)
        return value

    def syslog_server(self, name: str) -> str:
        """Empty when there is none."""
        allowed = "nothing, or an address like tls://host:6514, tcp://host:601 or udp://host:514"
        value = self._optional(name, allowed)
        parts = urlsplit(value)
        try:
            is_whole = parts.scheme in ("tls", "tcp", "udp") and bool(parts.hostname and parts.port)
        except ValueError:
            is_whole = False
        if value and (not is_whole or parts.path or parts.query or parts.fragment or parts.username):
            raise SettingInvalid(name, value, allowed)
        return value

    def readable_file(self, name: str) -> str:
        """Empty when none is named."""
        allowed = "nothing, or the path of a file that can be read"
        value = self._optional(name, allowed)
        if value and not os.access(value, os.R_OK):
            raise SettingInvalid(name, value, allowed)
        return value

    def _optional(self, name: str, allowed: str) -> str:
        self._read.add(name)
        value = self._section.get(name)
        if not isinstance(value, str):
            raise SettingInvalid(name, value, allowed)
        return value.strip()

    def time_zone(self, name: str) -> ZoneInfo:
        allowed = "a name of the IANA time zone database, for example Asia/Shanghai"
        value = self.text(name, allowed)
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingInvalid(name, value, allowed) from error

    def refuse_unread(self) -> None:
        for name in self._section:
            if name not in self._read:
                raise SettingInvalid(name, self._section[name], "none of that name: " + ", ".join(sorted(self._read)))
