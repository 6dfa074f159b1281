"""The flags of `katydid run` that make or change a plan: each one's name, help, and value as typed."""

from dataclasses import dataclass, field
from typing import Annotated

from webui.cli.spreading import in_panel

_load, _request, _connect, _rules = map(in_panel, ("Load", "Request", "Connection", "Rules and names"))
_Text = str | None
_Texts = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFlags:
    """Everything is as it was typed and checked elsewhere. None, False and empty: not given."""

    # how hard, how long
    users: Annotated[_Text, _load("--users", "-u", metavar="N", says="Users at a time (10).")] = None
    spawn_rate: Annotated[
        _Text,
        _load(
            "--spawn-rate",
            metavar="RATE",
            says="Users started per second, such as 100/s (all in the first second).",
        ),
    ] = None
    duration: Annotated[
        _Text,
        _load(
            "--duration",
            "-d",
            metavar="TIME",
            says="How long, such as 30s or 2min (10s where nothing else ends it).",
        ),
    ] = None
    iterations: Annotated[
        _Text, _load("--iterations", metavar="N", says="End after so many requests, all users together.")
    ] = None
    iterations_per_user: Annotated[
        _Text, _load("--iterations-per-user", metavar="N", says="Each user ends after so many requests.")
    ] = None
    rate: Annotated[
        _Text,
        _load(
            "--rate",
            metavar="RATE",
            says="Start so many requests per second, such as 500/s, however slow the answers.",
        ),
    ] = None
    stages: Annotated[
        _Text,
        _load(
            "--stages",
            metavar="LIST",
            says="Move evenly from stage to stage: 10s:50,30s:200 (users) or 10s:100/s,30s:500/s (rates).",
        ),
    ] = None
    max_users: Annotated[
        _Text,
        _load(
            "--max-users",
            metavar="N",
            says="With rates: users at most; a start that finds none free is dropped (1000).",
        ),
    ] = None
    poisson: Annotated[
        bool, _load("--poisson", says="With rates: starts at random times instead of evenly spaced.")
    ] = False
    sweep: Annotated[
        _Text,
        _load(
            "--sweep", metavar="N..M", says="Measure level after level, from N users to M, such as 1..256."
        ),
    ] = None
    step: Annotated[
        _Text,
        _load(
            "--step", metavar="TIME", says="With --sweep: measure each level so long (as long as it needs)."
        ),
    ] = None
    limit: Annotated[
        _Text,
        _load(
            "--limit",
            metavar="RULE",
            says="With --sweep: find the highest throughput that holds this, such as 'p95<200ms'.",
        ),
    ] = None
    burst: Annotated[_Text, _load("--burst", metavar="N", says="Send N requests at one instant.")] = None
    count: Annotated[_Text, _load("--count", metavar="N", says="With --burst: so many times (1).")] = None
    pause: Annotated[
        _Text, _load("--pause", metavar="TIME", says="With --burst: wait so long between two (not at all).")
    ] = None
    warmup: Annotated[
        _Text,
        _load(
            "--warmup",
            metavar="TIME",
            says="Load goes on for so long before the run begins, and is in none of its figures.",
        ),
    ] = None
    canary: Annotated[
        _Text,
        _load(
            "--canary",
            metavar="PATH",
            says="Ask this cheap route beside the load, or off (a sweep looks for one).",
        ),
    ] = None
    think_time: Annotated[
        _Text,
        _load(
            "--think-time",
            metavar="TIME",
            says="Each user's pause after a request: 1s, or 1s..3s drawn evenly.",
        ),
    ] = None
    # what is sent, and what must hold of each answer
    method: Annotated[
        _Text,
        _request("--method", "-X", metavar="METHOD", says="GET, or POST with --data, unless given here."),
    ] = None
    headers: Annotated[
        _Texts,
        _request("--header", "-H", metavar="LINE", says="A header such as 'Accept: text/html'; repeatable."),
    ] = field(default_factory=list)
    data: Annotated[
        _Text, _request("--data", metavar="TEXT|@FILE", says="The body, as it is or from a file.")
    ] = None
    chunked: Annotated[bool, _request("--chunked", says="Send the body in chunks.")] = False
    expect_continue: Annotated[
        bool, _request("--expect-continue", says="Ask for the server's go-ahead before the body.")
    ] = False
    user: Annotated[
        _Text, _request("--user", metavar="NAME:PASSWORD", says="Log in with Basic authentication.")
    ] = None
    bearer: Annotated[_Text, _request("--bearer", metavar="TOKEN", says="Log in with this token.")] = None
    success_status: Annotated[
        _Text,
        _request(
            "--success-status",
            metavar="LIST",
            says="Statuses that count as success, such as 2xx,404 (all below 400).",
        ),
    ] = None
    checks: Annotated[
        _Texts,
        _request(
            "--check",
            metavar="CHECK",
            says="Fail answers for which this does not hold: 'status == 200', 'body contains items', "
            "'json $.id == 3', 'header NAME exists', 'size < 10kB', 'time < 200ms'; repeatable.",
        ),
    ] = field(default_factory=list)
    # how connections are made
    timeout: Annotated[
        _Text, _connect("--timeout", metavar="TIME", says="When a request counts as failed (10s).")
    ] = None
    keepalive: Annotated[
        bool | None,
        _connect(
            "--keepalive/--no-keepalive", says="Reuse connections, or open one for each request (reuse)."
        ),
    ] = None
    follow_redirects: Annotated[bool, _connect("--follow-redirects", says="Go where redirects lead.")] = False
    max_redirects: Annotated[
        _Text, _connect("--max-redirects", metavar="N", says="So far at most (10); follows redirects.")
    ] = None
    no_cookies: Annotated[bool, _connect("--no-cookies", says="Forget the cookies that users are given.")] = (
        False
    )
    insecure: Annotated[bool, _connect("--insecure", says="Accept any TLS certificate.")] = False
    cacert: Annotated[
        _Text,
        _connect(
            "--cacert", metavar="FILE", says="Trust these certificate authorities instead of the system's."
        ),
    ] = None
    cert: Annotated[_Text, _connect("--cert", metavar="FILE", says="The client's certificate.")] = None
    key: Annotated[
        _Text, _connect("--key", metavar="FILE", says="Its private key, where it is not in the same file.")
    ] = None
    http2: Annotated[bool, _connect("--http2", says="Speak HTTP/2, at a fraction of the speed.")] = False
    proxy: Annotated[
        _Text,
        _connect("--proxy", metavar="URL", says="Go through this HTTP proxy, at a fraction of the speed."),
    ] = None
    dns: Annotated[
        _Text, _connect("--dns", metavar="WHEN", says="Look names up once, or per-connection (once).")
    ] = None
    reconnect_backoff: Annotated[
        _Text,
        _connect(
            "--reconnect-backoff",
            metavar="TIME",
            says="Wait so long after failed connections: 100ms..1s, doubling from one to the other.",
        ),
    ] = None
    max_body: Annotated[
        _Text, _connect("--max-body", metavar="SIZE", says="Fail responses with larger bodies (16MiB).")
    ] = None
    # when a run fails, and what it is called
    thresholds: Annotated[
        _Texts,
        _rules(
            "--threshold",
            metavar="RULE",
            says="Fail unless this holds, such as 'p95<200ms' or 'success>99.9%'; repeatable.",
        ),
    ] = field(default_factory=list)
    abort_on_fail: Annotated[
        bool, _rules("--abort-on-fail", says="End the run as soon as a threshold does not hold.")
    ] = False
    abort_on_fail_after: Annotated[
        _Text, _rules("--abort-on-fail-after", metavar="TIME", says="The same, but not before this time.")
    ] = None
    name: Annotated[_Text, _rules("--name", metavar="TEXT", says="What to call the test.")] = None
    tags: Annotated[_Texts, _rules("--tag", metavar="TEXT", says="A tag to find it by; repeatable.")] = field(
        default_factory=list
    )
    secrets: Annotated[
        _Texts,
        _rules("--secret", metavar="NAME", says="Hide the value of this header or field; repeatable."),
    ] = field(default_factory=list)
    note: Annotated[_Text, _rules("--note", metavar="TEXT", says="A note to keep with it.")] = None


def flag_of(attribute: str) -> str:
    """The flag that fills `attribute`: `--spawn-rate`."""
    return _SINGULAR.get(attribute) or f"--{attribute.replace('_', '-')}"


_SINGULAR = {
    "headers": "--header",
    "checks": "--check",
    "thresholds": "--threshold",
    "tags": "--tag",
    "secrets": "--secret",
}
