"""`python -m tests.reliability.few_ports FILE`, in a network of its own: a run with more users than ports."""

from __future__ import annotations

import fcntl
import socket
import struct
import subprocess
import sys
from pathlib import Path

from tests.reliability.served import target_process

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def main(result: str) -> int:
    """The exit code of `katydid run`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    with target_process() as (_, port):
        RANGE.write_text("61000 61199")
        load = ["-u", "400", "-d", "3s", "--spawn-rate", "2000/s", "--think-time", "1s"]
        command = [sys.executable, "-m", "webui.cli", "run", f"http://127.0.0.1:{port}", *load]
        return subprocess.call([*command, "--no-save", "--quiet", "--json", result])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
