"""A plan's request as the bytes to send, built once, with what its responses are held against. Pure."""

from dataclasses import dataclass
from urllib.parse import urlencode

from webui import __version__
from webui.engine.response import HeadCache
from webui.plan.model import Plan
from webui.plan.request import Request
from webui.plan.statuses import DEFAULT_SUCCESS, parse_statuses
from webui.plan.target import Target

USER_AGENT = f"katydid/{__version__}"
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
STATUSES = 1000  # three digits

Verdicts = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One request of the plan. `verdicts[status]` is None for a success, else the kind of failure.

    `heads` remembers parsed response heads, shared by all templates whose responses are framed alike.
    """

    index: int  # in the plan's order
    data: bytes
    origin: int  # which of the plan's origins it goes to
    heads: HeadCache
    verdicts: Verdicts


def prepare(plan: Plan) -> tuple[list[Template], list[Target]]:
    """The plan's templates, and the origins that they go to, each once."""
    origins: dict[str, Target] = {}
    caches = {False: HeadCache(bodiless=False), True: HeadCache(bodiless=True)}
    templates = []
    for index, request in enumerate(plan.requests):
        target = plan.target_of(request)
        origins.setdefault(target.origin, target)
        templates.append(
            Template(
                index=index,
                data=request_bytes(request, target, keepalive=plan.http.keepalive),
                origin=list(origins).index(target.origin),
                heads=caches[request.method == "HEAD"],
                verdicts=verdicts(request),
            )
        )
    return templates, list(origins.values())


def request_bytes(request: Request, target: Target, *, keepalive: bool) -> bytes:
    """Head and body as they go over the wire. The request's own headers replace the defaults."""
    body = request.body.encode() if request.body is not None else b""
    headers = {"Host": target.authority, "User-Agent": USER_AGENT, "Accept": "*/*"}
    if request.body is not None:
        headers["Content-Type"] = request.body.content_type
    own = {name.lower() for name in request.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in own}
    headers |= request.headers
    if body or request.method in _METHODS_WITH_BODY:
        headers["Content-Length"] = str(len(body))
    if not keepalive:
        headers["Connection"] = "close"
    lines = [f"{request.method} {_with_query(target.path, request)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _with_query(path: str, request: Request) -> str:
    if not request.query:
        return path
    return path + ("&" if "?" in path else "?") + urlencode(request.query, doseq=True)


def verdicts(request: Request) -> Verdicts:
    """For every status: None, `http_<status>` where the plan counts it as a failure, or `check_failed`."""
    successes = (
        DEFAULT_SUCCESS if request.success_statuses is None else parse_statuses(request.success_statuses)
    )
    return tuple(_verdict(request, status, successes) for status in range(STATUSES))


def _verdict(request: Request, status: int, successes: frozenset[int]) -> str | None:
    if status not in successes:
        return f"http_{status}"
    return None if all(check.holds(status) for check in request.checks) else "check_failed"
