# SPDX-License-Identifier: AGPL-3.0-or-later
"""The options of scripts/run."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Ports are TCP; ``bind`` is the address that nginx listens on."""

    https_port: int
    http_port: int
    dicom_port: int
    ipp_port: int
    hl7_port: int
    print_port: int
    bind: str
    public_url: str
    s3: bool
    role: str = "all"
    cloud: str = ""
    pair: str = ""


def parse_options(arguments: list[str]) -> Options:
    """Parse the command line; prints help or an error and exits as argparse does."""
    parser = argparse.ArgumentParser(
        prog="scripts/run", description="Start CloudFilm on this machine: portal and DICOMweb by HTTPS, DICOM, and all that is behind them."
    )
    parser.add_argument(
        "--data", metavar="DIR", help="data folder (default: var/ in the checkout)"
    )  # taken by scripts/native/enter already
    parser.add_argument("--https-port", type=_port, default=8443, metavar="PORT", help="portal and DICOMweb (default: 8443)")
    parser.add_argument("--http-port", type=_port, default=8080, metavar="PORT", help="redirects to https (default: 8080)")
    parser.add_argument(
        "--dicom-port", type=_port, default=4242, metavar="PORT", help="C-STORE and C-ECHO, AE title CLOUDFILM (default: 4242)"
    )
    parser.add_argument("--ipp-port", type=_port, default=6310, metavar="PORT", help="the virtual printer, IPP and IPPS (default: 6310)")
    parser.add_argument("--hl7-port", type=_port, default=2575, metavar="PORT", help="HL7 v2 by MLLP (default: 2575)")
    parser.add_argument("--print-port", type=_port, default=4243, metavar="PORT", help="DICOM print, AE title CLOUDFILM (default: 4243)")
    parser.add_argument(
        "--bind",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address for HTTP, HTTPS, IPP, HL7 and DICOM print (default: 127.0.0.1; 0.0.0.0 for all)",
    )
    parser.add_argument("--public-url", metavar="URL", help="what the QR code leads to (default: https://localhost:PORT)")
    parser.add_argument(
        "--s3",
        action="store_true",
        help="also start a local S3 server and store there; from then on it is started each time with this data folder",
    )
    parser.add_argument(
        "--role",
        choices=("cloud", "gateway", "all"),
        default="all",
        help="what this machine is: all or cloud, or a hospital's gateway, which receives DICOM and forwards it (docs/gateway.md)",
    )
    parser.add_argument("--cloud", metavar="URL", default="", help="with --role gateway: the cloud's address, https://…")
    parser.add_argument("--pair", metavar="CODE", default="", help="with --role gateway: the pairing code, once")
    parsed = parser.parse_args(arguments)
    public_url = parsed.public_url or os.environ.get("CLOUDFILM_PUBLIC_URL") or f"https://localhost:{parsed.https_port}"
    ports = [parsed.https_port, parsed.http_port, parsed.dicom_port, parsed.ipp_port, parsed.hl7_port, parsed.print_port]
    if len(set(ports)) != len(ports):
        parser.error("the HTTPS, HTTP, DICOM, IPP, HL7 and print ports must differ")
    if (parsed.cloud or parsed.pair) and parsed.role != "gateway":
        parser.error("--cloud and --pair are a gateway's: add --role gateway")
    if bool(parsed.cloud) != bool(parsed.pair):
        parser.error("--cloud URL and --pair CODE go together")
    return Options(
        parsed.https_port,
        parsed.http_port,
        parsed.dicom_port,
        parsed.ipp_port,
        parsed.hl7_port,
        parsed.print_port,
        parsed.bind,
        public_url.rstrip("/"),
        parsed.s3,
        parsed.role,
        parsed.cloud,
        parsed.pair,
    )


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a TCP port; allowed are 1 to 65535")
    return int(text)
