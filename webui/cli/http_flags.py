"""The flags of connections and logins, and the plan's `http` that they come to."""

from typing import Any

from webui.cli.parsing import parse_span, parsed, read_text
from webui.cli.plan_flags import PlanFlags
from webui.errors import InvalidInput
from webui.units import parse_count, parse_duration, parse_size


def apply_http(http: dict[str, Any], flags: PlanFlags) -> None:
    """Lays the flags over `http`. Raises InvalidInput."""
    given = {
        "timeout_s": _read("--timeout", parse_duration, flags.timeout),
        "keepalive": flags.keepalive,
        "verify_tls": False if flags.insecure else None,
        "follow_redirects": True if flags.follow_redirects or flags.max_redirects is not None else None,
        "max_redirects": _read("--max-redirects", parse_count, flags.max_redirects),
        "http2": flags.http2 or None,
        "proxy": flags.proxy,
        "cookies": False if flags.no_cookies else None,
        "dns": flags.dns,
        "reconnect_backoff_s": _read("--reconnect-backoff", parse_span, flags.reconnect_backoff),
        "max_body_bytes": _read("--max-body", parse_size, flags.max_body),
        "ca_pem": None if flags.cacert is None else read_text("--cacert", flags.cacert),
        "auth": _auth(flags),
    }
    http.update({key: value for key, value in given.items() if value is not None})
    _apply_certificate(http, flags)


def _read(flag: str, parse: Any, text: str | None) -> Any:
    return None if text is None else parsed(flag, parse, text)


def _auth(flags: PlanFlags) -> dict[str, str] | None:
    if flags.user is not None and flags.bearer is not None:
        raise InvalidInput.at("--bearer", "one login is enough; leave out this or --user")
    if flags.bearer is not None:
        return {"type": "bearer", "token": parsed("--bearer", _token, flags.bearer)}
    if flags.user is None:
        return None
    name, colon, password = flags.user.partition(":")
    if not colon:
        raise InvalidInput.at("--user", "write NAME:PASSWORD, with a colon between the two")
    return {"type": "basic", "user": name, "password": password}


def _token(text: str) -> str:
    if not text or not all("!" <= char <= "~" for char in text):
        raise ValueError("a token is made of visible ASCII characters, without spaces")
    return text


def _apply_certificate(http: dict[str, Any], flags: PlanFlags) -> None:
    if flags.cert is None:
        if flags.key is not None:
            raise InvalidInput.at("--key", "goes with --cert")
        return
    certificate = read_text("--cert", flags.cert)
    key = certificate if flags.key is None else read_text("--key", flags.key)
    if "PRIVATE KEY-----" not in key:
        if flags.key is None:
            raise InvalidInput.at("--cert", f"{flags.cert!r} has no private key; name its file with --key")
        raise InvalidInput.at("--key", f"{flags.key!r} has no private key")
    http.update(client_cert_pem=certificate, client_key_pem=key)
