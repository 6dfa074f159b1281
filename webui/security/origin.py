"""Which requests a dashboard without a login answers: those to a name of this machine, and changes only from
its own pages or from programs. Pure.

A page of another site that is open in the same browser could otherwise start tests (cross-site request
forgery), and with a name that it points at 127.0.0.1 also read results (DNS rebinding).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from webui.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def check_request(method: str, headers: Mapping[str, str], own_host: str) -> None:
    """Raises Forbidden. `headers` has lower-case names; `own_host` is the address listened on."""
    host = headers.get("host", "")
    if _name(host) not in LOOPBACK_NAMES | {own_host}:
        raise Forbidden(f"This dashboard does not answer for the host {host[:100]!r}; use 127.0.0.1.")
    if method in SAFE_METHODS:
        return
    # Browsers send at least one of the two with every change; programs send neither.
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("Another site's page asked for this change; only Katydid's own pages may.")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        raise Forbidden("Another site's page asked for this change; only Katydid's own pages may.")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
