"""The address that the dashboard listens on."""

import errno
import ipaddress
import socket

import psutil

from webui.errors import AddressInUse, InvalidInput


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


def reachable_at(host: str) -> str:
    """What others can type for an address that is listened on: for all addresses, the machine's first."""
    if not ipaddress.ip_address(host).is_unspecified:
        return host
    found = [
        each.address
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family == socket.AF_INET and not each.address.startswith(("127.", "169.254."))
    ]
    return found[0] if found else "localhost"


def _bind_error(host: str, port: int, error: OSError) -> AddressInUse | InvalidInput:
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(f"port {port} is in use; end what uses it or choose another with --port")
    if error.errno == errno.EACCES:
        return InvalidInput.at("--port", f"this user may not listen on port {port}; choose one from 1024 on")
    reason = (error.strerror or str(error)).lower()
    return InvalidInput.at("--host", f"cannot listen on {host}: {reason}")
