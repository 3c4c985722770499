# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real printer for tests: a second CUPS with one queue, whose "paper" is a folder with what arrived at its back end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.instance import APP, free_ports, wait_for

_BACKEND = """#!/bin/sh
[ $# -eq 0 ] && { echo 'direct paper "Paper" "Paper"'; exit 0; }
part=$(mktemp "%(paper)s/.part-XXXXXXXX") || exit 1
cat "${6:--}" >"$part" && chmod 644 "$part" && mv "$part" "%(paper)s/$1.pdf"
"""


class PaperPrinter:
    """Starts on a free port; `address` is what the hospital would write down for its printer."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        # Not below pytest's folders: those are closed to CUPS's own user.
        folder = Path(tempfile.mkdtemp(prefix="paper-printer-"))
        folder.chmod(0o755)
        self.paper, self._folder = folder / "paper", folder
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("bin/backend", "cache", "state", "requests/tmp", "ppd", "ssl", "paper"):
            path = folder / name
            path.mkdir(parents=True)
            path.chmod(0o777 if name == "paper" else 0o755)
        for part in ("daemon", "filter", "cgi-bin", "monitor", "notifier", "driver"):
            (folder / "bin" / part).symlink_to(Path("/usr/lib/cups") / part)
        backend = folder / "bin/backend/paper"
        backend.write_text(_BACKEND % {"paper": self.paper})
        backend.chmod(0o755)
        (folder / "cups-files.conf").write_text(
            f"SystemGroup root\nUser lp\nGroup lp\nServerRoot {folder}\nServerBin {folder}/bin\nCacheDir {folder}/cache\nStateDir {folder}/state\n"
            f"RequestRoot {folder}/requests\nTempDir {folder}/requests/tmp\nAccessLog /dev/null\nErrorLog stderr\nPageLog /dev/null\n"
        )
        (folder / "cupsd.conf").write_text(
            f"LogLevel warn\nListen 127.0.0.1:{self.port}\nListen {self._socket}\nServerAlias *\nBrowsing No\nWebInterface No\n"
            "DefaultEncryption Never\n<Location />\nOrder allow,deny\nAllow all\n</Location>\n<Policy default>\n<Limit All>\nOrder deny,allow\n"
            "</Limit>\n</Policy>\n"
        )

    @property
    def address(self) -> str:
        return f"ipp://127.0.0.1:{self.port}/printers/paper"

    @property
    def _socket(self) -> Path:
        return Path(f"/tmp/paper-{self.port}.sock")

    def start(self) -> None:
        command = ["/usr/sbin/cupsd", "-f", "-c", str(self._folder / "cupsd.conf"), "-s", str(self._folder / "cups-files.conf")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self._is_up, what="the paper printer")
        ppd = str(APP / "docker/cups/report.ppd")
        result = self._run("lpadmin", "-p", "paper", "-E", "-v", "paper:/", "-P", ppd, "-o", "printer-is-shared=true")
        assert result.returncode == 0, result.stderr

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None
        shutil.rmtree(self._folder)
        self._socket.unlink(missing_ok=True)

    def sheets(self) -> list[Path]:
        """What has come out, oldest first."""
        return sorted(self.paper.glob("*.pdf"), key=lambda path: path.stat().st_mtime)

    def _is_up(self) -> bool:
        return b"scheduler is running" in self._run("lpstat", "-r").stdout  # its status is 0 in either case

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        name, *arguments = command
        return subprocess.run(
            [name, "-h", str(self._socket), *arguments], capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
