"""nginx as the target: one worker, a configuration of its own, a loopback port, a core to itself."""

import contextlib
import http.client
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from benchmarks.machine import TARGET_CORE, end, on_core
from benchmarks.tools import Toolbox
from webui.cli.scratch import scratch_folder

_CONFIG = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 16000; accept_mutex off; multi_accept on; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    server {{
        listen 127.0.0.1:{port} backlog=16000;
        listen 127.0.0.1:{tls_port} ssl backlog=16000;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        location = /status {{ stub_status; }}
        location / {{ default_type text/plain; return 200 "Hello, world!\\n"; }}
    }}
}}
"""


@dataclass(frozen=True)
class Status:
    """nginx's own count: open connections, and requests since its start."""

    connections: int
    requests: int


class Nginx:
    """A running nginx. Its status is asked for over one connection that stays open."""

    def __init__(self, port: int, tls_port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self.tls_url = f"https://127.0.0.1:{tls_port}/"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)

    def status(self) -> Status:
        self._connection.request("GET", "/status")
        text = self._connection.getresponse().read().decode()
        active = re.search(r"Active connections: (\d+)", text)
        counts = re.search(r"\n\s*\d+ \d+ (\d+)", text)
        assert active is not None
        assert counts is not None
        return Status(int(active[1]), int(counts[1]))

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def running_nginx(tools: Toolbox) -> Iterator[Nginx]:
    """Starts nginx with a plain and a TLS port, and ends it."""
    program = tools.need("nginx")
    port, tls_port = free_port(), free_port()
    with scratch_folder("katydid-bench-") as folder:
        _write_certificate(folder)
        config = folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, port=port, tls_port=tls_port))
        process = subprocess.Popen([program, "-c", str(config)], preexec_fn=on_core(TARGET_CORE))
        try:
            wait_for_port(port, process)
            with contextlib.closing(Nginx(port, tls_port)) as nginx:
                yield nginx
        finally:
            end(process)


def _write_certificate(folder: Path) -> None:
    """A self-signed certificate for 127.0.0.1 and its key, an elliptic curve's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = builder.sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(pem)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """Returns once the port answers. Raises TimeoutError, or ChildProcessError when its process ends."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildProcessError(f"{process.args!r} ended with exit code {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
