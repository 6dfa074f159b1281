"""What happened to a request that failed, in words: the same on all pages and in summaries. Pure."""

from http import HTTPStatus

from webui import units

_WORDS = {
    "dns_error": "Host name not found",
    "connect_refused": "Connection refused",
    "connect_timeout": "No connection in time",
    "connect_error": "Could not connect",
    "tls_error": "TLS failed",
    "connection_reset": "Connection reset",
    "connection_closed": "Connection closed early",
    "timeout": "Timed out",
    "protocol_error": "Not valid HTTP",
    "body_too_large": "Response too large",
    "check_failed": "A check failed",
    "cut_off": "Cut off at the end",
}


def failure_words(kind: str, timeout_s: float | None = None) -> str:
    """`404 Not Found`, `Timed out after 10 s`; a kind that has no words stands for itself."""
    if kind.startswith("http_"):
        return status_words(kind.removeprefix("http_"))
    if kind == "timeout" and timeout_s is not None:
        return f"{_WORDS[kind]} after {units.duration(timeout_s)}"
    return _WORDS.get(kind, kind)


def status_words(code: str) -> str:
    """`404 Not Found`: a status with its standard words, where it has any."""
    return f"{code} {status_phrase(code)}".rstrip()


def status_phrase(code: str) -> str:
    """`Not Found` for `404`; empty where there are no standard words."""
    try:
        return HTTPStatus(int(code)).phrase
    except ValueError:
        return ""
