"""Ports of loopback."""

import socket

from webui.errors import AddressInUse
from webui.lab.commands import HOST


def free_port(port: int = 0) -> int:
    """`port`, or for 0 any free one. Raises AddressInUse."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError as error:
            raise AddressInUse(in_use(port)) from error
        return int(sock.getsockname()[1])


def in_use(port: int) -> str:
    """What is said of a port that cannot be listened on."""
    return f"port {port} is in use or not allowed; choose another"
