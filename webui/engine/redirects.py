"""Where a redirect leads (RFC 9110, section 15.4). Pure."""

from urllib.parse import urljoin

from webui.engine.outgoing import Outgoing
from webui.engine.response import Violation
from webui.plan.target import Target, parse_url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})
_SHOWN = 100


def redirected(request: Outgoing, status: int, location: str) -> Outgoing:
    """The request that follows `request`, which was answered with `status` and that Location.

    301, 302 and 303 make it a GET without a body, except of a HEAD. Raises Violation for a Location that
    leads nowhere.
    """
    target = _target(request.target, location)
    return request.to(target, as_get=status not in _KEEP_METHOD and request.method not in ("GET", "HEAD"))


def _target(base: Target, location: str) -> Target:
    try:
        # Bytes over ASCII come as Latin-1, and are UTF-8 where a server sends them at all.
        url = urljoin(base.origin + base.path, location.encode("latin-1").decode("utf-8", "replace").strip())
        return parse_url(url.partition("#")[0])
    except ValueError as error:
        raise Violation(f"redirected to {location[:_SHOWN]!r}: {error}") from error


def leads_elsewhere(request: Outgoing, location: str) -> bool:
    """Whether that Location of a redirect is another route than what `request` asked for; a slash at its end
    makes none."""
    try:
        target = _target(request.target, location)
    except Violation:
        return True
    return target.origin != request.target.origin or _route(target) != _route(request.target)


def _route(target: Target) -> str:
    return target.path.partition("?")[0].rstrip("/")


def too_many(limit: int, location: str) -> Violation:
    """The failure of a request that was redirected more than `limit` times."""
    return Violation(f"more than {limit} redirects, the last one to {location[:_SHOWN]}")
