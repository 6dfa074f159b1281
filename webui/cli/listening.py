"""The address that the dashboard listens on."""

import errno
import ipaddress
import socket

from webui.errors import AddressInUse, InvalidInput


def check_host(host: str) -> None:
    """Raises InvalidInput for all but loopback: whoever reaches the dashboard can use it."""
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InvalidInput.at(
            "--host",
            f"the dashboard has no login yet, so it listens on this machine only: 127.0.0.1, not {host!r}",
        )


def bind(host: str, port: int) -> socket.socket:
    """A bound socket. Raises AddressInUse, and InvalidInput where there is no such address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise _bind_error(host, port, error) from error
    return sock


def _bind_error(host: str, port: int, error: OSError) -> AddressInUse | InvalidInput:
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(f"port {port} is in use; end what uses it or choose another with --port")
    if error.errno == errno.EACCES:
        return InvalidInput.at("--port", f"this user may not listen on port {port}; choose one from 1024 on")
    reason = (error.strerror or str(error)).lower()
    return InvalidInput.at("--host", f"cannot listen on {host}: {reason}")
