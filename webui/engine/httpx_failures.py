"""The one boundary where httpx's errors become kinds of failure."""

import ssl
from collections.abc import Iterator
from socket import gaierror

import httpx

from webui.engine.origin import ConnectFailed, machine_limit
from webui.engine.response import Violation

# Kinds that mean that no request was sent.
UNREACHED = frozenset({"dns_error", "tls_error", "connect_refused", "connect_timeout", "connect_error"})
_SENTENCES = {
    "dns_error": "the name could not be resolved",
    "tls_error": "TLS",
    "connect_refused": "the connection was refused",
    "connect_timeout": "not connected in time",
    "connection_reset": "the connection was reset",
    "connection_closed": "the connection was closed",
}
_CLOSED = ("disconnected", "peer closed", "ConnectionTerminated", "closed")


def failure_of(error: BaseException) -> tuple[str, str]:
    """The kind of failure and a sentence."""
    if isinstance(error, Violation | ConnectFailed):
        return error.kind, str(error)
    causes = list(_causes(error))
    if (limit := next((words for cause in causes if (words := machine_limit(cause))), None)) is not None:
        return "connect_error", limit
    kind = _kind(error, causes)
    detail = next((str(cause) for cause in causes if str(cause)), "") or type(error).__name__
    return kind, f"{_SENTENCES[kind]}: {detail}" if kind in _SENTENCES else detail


def _kind(error: BaseException, causes: list[BaseException]) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "connect_timeout"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "tls_error"
    if isinstance(error, httpx.ConnectError):
        if any(isinstance(cause, gaierror) for cause in causes):
            return "dns_error"
        refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        return "connect_refused" if refused else "connect_error"
    if isinstance(error, httpx.ProxyError):
        return "connect_error"
    if isinstance(error, httpx.NetworkError):
        return "connection_reset"
    if isinstance(error, httpx.RemoteProtocolError) and any(word in str(error) for word in _CLOSED):
        return "connection_closed"
    return "protocol_error"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, those of a group of attempts among them."""
    waiting, seen = [error], set[int]()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [cause for cause in (found.__cause__, found.__context__) if cause is not None]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
