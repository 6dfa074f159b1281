"""A plan's request as the bytes to send, built once, with what its responses are held against. Pure."""

from dataclasses import dataclass, field

from webui.engine.content import Undecodable, decode
from webui.engine.outgoing import Outgoing, outgoing
from webui.engine.redirects import REDIRECTS, redirected, too_many
from webui.engine.response import Head, HeadCache, Violation
from webui.engine.schedule import NEVER
from webui.plan.assertions import Assertions, Response
from webui.plan.checks import StatusCheck
from webui.plan.model import MAX_REQUESTS, HttpOptions, Plan
from webui.plan.request import Request
from webui.plan.statuses import DEFAULT_SUCCESS, parse_statuses
from webui.plan.target import Target
from webui.units import NS_PER_MS

STATUSES = 1000  # three digits
LOOK = "look"  # the verdict that the status alone does not give
_MOST_HOPS = 1024  # redirected requests that are remembered,
_MOST_HOP_BYTES = 32 * 1024 * 1024  # and their bytes
_RENEW_NS = 10 * NS_PER_MS  # how often a template learns which response is the usual one
_MOST_ORIGINS = 100  # that redirects may lead to

Verdicts = tuple[str | None, ...]


@dataclass(slots=True, eq=False)
class Shared:
    """What all templates of a plan share. `origins` grows where redirects lead to new ones."""

    keepalive: bool
    through_httpx: bool
    cookies: bool
    max_redirects: int
    heads: HeadCache
    bodiless_heads: HeadCache
    origins: dict[str, int] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    _hops: dict[tuple["Template", int, str], "Template"] = field(default_factory=dict)
    _hop_bytes: int = 0

    def hop(self, template: "Template", status: int, location: str) -> "Template":
        """The request that follows on that redirect of `template`. Raises Violation as `follow` does."""
        key = (template, status, location)
        hop = self._hops.get(key)
        if hop is None:
            hop = self._make_hop(template, status, location)
            self._hop_bytes += len(hop.data) + len(hop.held)
            if len(self._hops) >= _MOST_HOPS or self._hop_bytes > _MOST_HOP_BYTES:
                self._hops.clear()
                self._hop_bytes = 0
            self._hops[key] = hop
        return hop

    def _make_hop(self, template: "Template", status: int, location: str) -> "Template":
        if template.hops >= self.max_redirects:
            raise too_many(self.max_redirects, location)
        request = redirected(template.request, status, location)
        if request.target.origin not in self.origins and len(self.origins) > MAX_REQUESTS + _MOST_ORIGINS:
            raise Violation(f"redirected to more than {_MOST_ORIGINS} different servers")
        return _template(template.index, request, template.rules, self, template.hops + 1)

    def origin(self, target: Target) -> int:
        """The number of the target's origin."""
        number = self.origins.setdefault(target.origin, len(self.targets))
        if number == len(self.targets):
            self.targets.append(target)
        return number


@dataclass(slots=True, eq=False)
class Template:
    """One request of the plan, or one that it was redirected to.

    `verdicts[status]` is None for a success, LOOK where `look` must decide, else the kind of failure.
    `data` is all there is to send, but for a body (`held`) which the server must ask for; both are empty
    where httpx makes the bytes. `heads` remembers
    parsed response heads, shared by all templates whose responses are framed alike.
    """

    index: int  # in the plan's order
    request: Outgoing
    data: bytes
    held: bytes
    cut: int  # where in `data` a further header goes
    origin: int  # which of the plan's origins it goes to
    takes_cookies: bool
    keeps_body: bool  # whether a check looks inside
    heads: HeadCache
    verdicts: Verdicts
    rules: "Rules"
    hops: int = 0  # redirects on the way here
    usual: bytes = b""  # a whole response, known to be a success: another one with these very bytes is, too
    renew_ns: int = NEVER  # from then on the next such response becomes the usual one
    shared: Shared = field(repr=False, kw_only=True)

    def with_cookies(self, line: bytes) -> bytes:
        """What to send, with that header line."""
        return b"".join((self.data[: self.cut], line, self.data[self.cut :]))

    def learn(self) -> None:
        """From now on it learns which response is the usual one, unless success is a matter of time."""
        if not self.rules.assertions.needs_time and not self.shared.through_httpx:
            self.renew_ns = 0

    def renew(self, response: bytes, now: int) -> None:
        """That is the usual response."""
        self.usual = response
        self.renew_ns = now + _RENEW_NS

    def location(self, status: int, head: Head) -> str | None:
        """Where the response says to go on; None where it is the last one."""
        return head.fields.get("location") if self.rules.follow and status in REDIRECTS else None

    def follow(self, status: int, location: str) -> "Template":
        """The request to go on with. Raises Violation for one too many, and for one to nowhere."""
        return self.shared.hop(self, status, location)


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides over the full response at the end of a request's redirects, if it follows any."""

    verdicts: Verdicts  # LOOK only where the checks must decide
    first_verdicts: Verdicts  # LOOK also where there may be a redirect to follow
    assertions: Assertions
    follow: bool

    def failure(self, head: Head, body: bytes | bytearray, size: int, time_ns: int, limit: int) -> str | None:
        """What the first check that does not hold says; None if all do.

        `body` is as it came, in `size` bytes; decoded it may have `limit` bytes.
        """
        seen: bytes | None = None
        if self.assertions.needs_body:
            try:
                seen = decode(body, head.fields.get("content-encoding", ""), limit)
            except Undecodable as error:
                return str(error)
        return self.assertions.first_failure(Response(head.status, size, time_ns, head.fields, seen))


def prepare(plan: Plan, *, fields: bool = False) -> tuple[list[Template], list[Target]]:
    """The plan's templates, and the origins that they go to, each once. The list grows with redirects.

    `fields`: whether the caller wants to know of responses' header fields, be it that the plan doesn't."""
    http = plan.http
    rules = [_rules(plan, request) for request in plan.requests]
    fields |= http.follow_redirects or any(
        rule.assertions.needs_headers or rule.assertions.needs_body for rule in rules
    )
    shared = Shared(
        keepalive=http.keepalive,
        through_httpx=http.needs_httpx,
        cookies=http.cookies,
        max_redirects=http.max_redirects,
        heads=_cache(http, bodiless=False, fields=fields),
        bodiless_heads=_cache(http, bodiless=True, fields=fields),
    )
    templates = [
        _template(index, outgoing(plan, request), rules[index], shared)
        for index, request in enumerate(plan.requests)
    ]
    return templates, shared.targets


def _cache(http: HttpOptions, *, bodiless: bool, fields: bool) -> HeadCache:
    limit = http.max_body_bytes
    return HeadCache(bodiless=bodiless, body_limit=limit, cookies=http.cookies, fields=fields)


def _template(index: int, request: Outgoing, rules: Rules, shared: Shared, hops: int = 0) -> Template:
    head, rest = request.head(keepalive=shared.keepalive), b"\r\n"
    content = request.content()
    if shared.through_httpx:
        head = rest = content = b""
    return Template(
        index=index,
        request=request,
        data=head + rest + (b"" if request.expect else content),
        held=content if request.expect else b"",
        cut=len(head),
        origin=shared.origin(request.target),
        takes_cookies=shared.cookies and not request.has("cookie"),
        keeps_body=rules.assertions.needs_body,
        heads=shared.bodiless_heads if request.method == "HEAD" else shared.heads,
        verdicts=rules.first_verdicts,
        rules=rules,
        hops=hops,
        shared=shared,
    )


def _rules(plan: Plan, request: Request) -> Rules:
    last = first = verdicts(request)
    if plan.http.follow_redirects:
        first = tuple(LOOK if status in REDIRECTS else kind for status, kind in enumerate(last))
    return Rules(last, first, Assertions(request.checks), plan.http.follow_redirects)


def verdicts(request: Request) -> Verdicts:
    """For every status: None for a success, `http_<status>` for a failure, LOOK where checks decide.

    `success_statuses` go first. Without them a request that has a check on its status leaves the status to
    its checks alone, so that `== 404` makes a success of a 404; any other counts 400 and over as failures.
    """
    judging = [check.rule.test for check in request.checks if isinstance(check, StatusCheck)]
    passing = LOOK if len(judging) < len(request.checks) else None
    if request.success_statuses is not None:
        successes = parse_statuses(request.success_statuses)
    else:
        successes = frozenset(range(STATUSES)) if judging else DEFAULT_SUCCESS

    def verdict(status: int) -> str | None:
        if status not in successes:
            return f"http_{status}"
        return passing if all(test(status) for test in judging) else LOOK

    return tuple(verdict(status) for status in range(STATUSES))
