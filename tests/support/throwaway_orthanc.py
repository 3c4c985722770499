# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc as it is shipped, asked which routes it has: started once beside a running instance, on an index of its own, and ended.

The configuration, the plugins and their order are those of orthanc.json; only folders, ports and databases are others.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import psycopg2

from tests.support.instance import APP, Instance, free_ports

_METHODS = ("get", "post", "put", "delete")
_UNDOCUMENTED = re.compile(r"Ignoring URI without API documentation: ([A-Z]+) (\S+)")
_TOTAL = re.compile(r"contains (\d+) paths over a total of (\d+) paths")
_REGISTERED = re.compile(r"Plugin has registered a REST callback.* on: (\S+)")
_INDEX = "index_of_throwaway_orthanc"


def core_routes(folder: Path, instance: Instance) -> list[tuple[str, str]]:
    """Method and path of every route of Orthanc itself: those that its OpenAPI document describes, and those that it says it leaves out."""
    target = folder / "openapi.json"
    result = subprocess.run(
        ["Orthanc", f"--openapi={target}", "orthanc.json"],
        cwd=APP,
        env=_environment(folder, instance),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    paths = json.loads(target.read_text(encoding="utf-8"))["paths"]
    described = [(method.upper(), path) for path, methods in paths.items() for method in methods if method in _METHODS]
    left_out = _UNDOCUMENTED.findall(result.stderr)
    count = _TOTAL.search(result.stderr)
    assert count is not None, result.stderr
    assert (len(described), len(described) + len(left_out)) == (int(count[1]), int(count[2])), "every route is either described or named"
    return sorted({*described, *left_out})


def plugin_expressions(folder: Path, instance: Instance) -> list[str]:
    """The regular expression of every route that a plugin registers, ours included, as Orthanc writes them into its log."""
    _drop_index(instance)
    with _superuser(instance) as cursor:
        cursor.execute(f"CREATE DATABASE {_INDEX}")
    process = subprocess.Popen(
        ["Orthanc", "--verbose", "orthanc.json"],
        cwd=APP,
        env=_environment(folder, instance),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    found: list[str] = []
    try:
        for line in process.stdout:
            if registered := _REGISTERED.search(line):
                found.append(registered[1])
            if "Orthanc has started" in line:
                return found
        raise AssertionError("the throw-away Orthanc did not start")
    finally:
        process.kill()
        process.wait()
        _drop_index(instance)


def _environment(folder: Path, instance: Instance) -> dict[str, str]:
    http_port, dicom_port = free_ports(2)
    socket = instance.data / "run/postgresql"
    return {
        **os.environ,
        **{name: value for name, value in instance.settings.items() if name != "CLOUDFILM_DATABASE_URI"},
        "CLOUDFILM_DATA": str(folder),
        "CLOUDFILM_ORTHANC_HTTP_PORT": str(http_port),
        "CLOUDFILM_ORTHANC_DICOM_PORT": str(dicom_port),
        "CLOUDFILM_INDEX_URI": f"postgresql:///{_INDEX}?host={socket}&user=postgres",
        "CLOUDFILM_DATABASE_URI": f"postgresql:///{_INDEX}?host={socket}&user=postgres",
        # It would ask a demonstration server for examples.
        "https_proxy": "http://127.0.0.1:9",
    }


def _superuser(instance: Instance) -> psycopg2.extensions.cursor:
    connection = psycopg2.connect(host=str(instance.data / "run/postgresql"), dbname="postgres", user="postgres")
    connection.autocommit = True
    return connection.cursor()


def _drop_index(instance: Instance) -> None:
    with _superuser(instance) as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {_INDEX} WITH (FORCE)")
