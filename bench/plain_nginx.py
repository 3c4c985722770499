# SPDX-License-Identifier: AGPL-3.0-or-later
"""nginx with TLS and nothing of ours before the stock Orthanc, or before bare files: what of our way's time is TLS and nginx, and what is ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.process import free_port, listens, running
from machine.installation import TLS

_CONFIGURATION = """
user www-data;
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    {http}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    upstream stock {{ server 127.0.0.1:{upstream}; keepalive 8; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_max_temp_file_size 0;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {tls}/certificate.pem;
        ssl_certificate_key {tls}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        {server}
    }}
}}
"""


@contextmanager
def plain_nginx(
    folder: Path, upstream: int, http: str = "access_log off;", server: str = "location / { proxy_pass http://stock; }"
) -> Iterator[int]:
    """Yield its HTTPS port. ``http`` and ``server`` are what stands in those blocks beside what every such nginx needs."""
    folder.mkdir()
    port = free_port()
    path = folder / "nginx.conf"
    text = _CONFIGURATION.format(folder=folder, upstream=upstream, port=port, tls=TLS, http=http, server=server)
    path.write_text(text, encoding="utf-8")
    command = ["/usr/sbin/nginx", "-c", str(path), "-e", "stderr"]
    with running("nginx", command, folder / "nginx.log", lambda: listens(port), timeout_seconds=15):
        yield port
