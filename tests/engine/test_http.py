"""What a client needs of HTTP, against real local servers."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import zlib
from typing import Any

import pytest

from tests.engine.drive import Result, plan_data, run
from tests.targets import Respond, Seen, Target, after, always, certificate, reply, server_context
from webui.engine import Control, run_shard, shard_specs
from webui.engine.messages import Event
from webui.metrics.snapshot import ErrorCount
from webui.plan.documents import plan_from_data


def only_error(result: Result) -> tuple[str, ErrorCount]:
    [((_, kind), error)] = result.total.errors.items()
    return kind, error


def router(routes: dict[str, bytes]) -> Respond:
    """Answers by path; 404 elsewhere."""

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(routes.get(seen.path, reply(b"no such page", 404)))

    return respond


def to(location: str, status: int = 302) -> bytes:
    return reply(b"moved", status, f"Location: {location}\r\n")


# -- redirects


def test_redirects_are_not_followed_unless_asked_for() -> None:
    with Target(router({"/": to("/there")})) as target:
        result = run(target.url, iterations=4)
    assert result.totals.successes == target.requests == 4
    assert result.total.all_endpoints.status_codes == {302: 4}
    assert result.totals.redirects == 0


@pytest.mark.parametrize("keepalive", [True, False])
def test_redirects_are_part_of_their_request_and_counted_beside_it(keepalive: bool) -> None:
    routes = {"/": to("/a/b?c=d"), "/a/b?c=d": to("../e", 307), "/e": reply(b"here")}
    with Target(router(routes)) as target:
        result = run(target.url, users=3, iterations=30, follow_redirects=True, keepalive=keepalive)
    assert target.paths == {"/": 30, "/a/b?c=d": 30, "/e": 30}
    totals = result.totals
    assert (totals.sent, totals.successes, totals.redirects) == (30, 30, 60)
    assert result.total.all_endpoints.status_codes == {200: 30}
    assert totals.bytes_received == 30 * sum(map(len, routes.values()))
    assert result.total.connections_opened == target.connections == (3 if keepalive else 90)


def test_the_time_of_a_redirected_request_is_that_of_all_its_hops() -> None:
    routes = {"/": to("/a"), "/a": to("/b"), "/b": reply()}
    with Target(after(0.05, router(routes))) as target:
        result = run(target.url, iterations=2, follow_redirects=True)
    assert result.total.all_endpoints.response.min_ns > 150e6


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        ("POST", 301, ("GET", b"")),
        ("POST", 302, ("GET", b"")),
        ("PUT", 303, ("GET", b"")),
        ("POST", 307, ("POST", b"data")),
        ("PUT", 308, ("PUT", b"data")),
        ("HEAD", 302, ("HEAD", b"")),
        ("HEAD", 303, ("HEAD", b"")),
    ],
)
def test_what_a_redirect_makes_of_the_method(method: str, status: int, expected: tuple[str, bytes]) -> None:
    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        body = b"" if seen.method == "HEAD" else b"moved"
        writer.write(reply(body, status, "Location: /there\r\n") if seen.path == "/" else reply(b""))

    with Target(respond) as target:
        request: dict[str, Any] = {"method": method, "path": "/"}
        if method != "HEAD":
            request["body"] = "data"
        result = run(target.url, iterations=1, requests=[request], follow_redirects=True)
    assert result.totals.successes == 1
    assert target.last is not None
    assert (target.last.method, target.last.body) == expected
    assert ("content-type" in target.last.headers) is (expected[1] == b"data")
    assert "content-length" not in target.last.headers or expected[0] in ("POST", "PUT")


def test_another_origin_gets_a_connection_of_its_own_and_no_credentials() -> None:
    with Target() as other:
        routes = {"/": reply(b"", 302, f"Location: {other.url}/end\r\nSet-Cookie: a=b\r\n")}
        with Target(router(routes)) as target:
            request = {"headers": {"Cookie": "own=1", "X-Kept": "yes"}}
            plain = {"path": "/", "name": "with the plan's credentials"}
            result = run(
                target.url,
                users=2,
                iterations=20,
                requests=[{"path": "/", **request}, plain],
                follow_redirects=True,
                auth={"type": "bearer", "token": "secret"},
            )
            assert target.last is not None
            assert target.last.headers["authorization"] == "Bearer secret"
            assert target.last.headers["cookie"] in ("own=1", "a=b")
        assert (target.requests, other.requests) == (20, 20)
        assert target.connections == other.connections == 2
        assert other.last is not None
        assert other.last.headers["host"] == f"127.0.0.1:{other.port}"
        assert not {"authorization", "cookie"} & other.last.headers.keys()
    assert (result.totals.successes, result.totals.redirects) == (20, 20)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/", "more than 3 redirects"),
        ("ftp://127.0.0.1/x", "ftp://"),
        ("http://[::1", "IPv6"),
        ("http://127.0.0.1:99999/", "port"),
        ("javascript:alert(1)", "http"),
    ],
)
def test_redirects_that_lead_nowhere_fail_their_request(location: str, said: str) -> None:
    with Target(router({"/": to(location)})) as target:
        result = run(target.url, iterations=2, follow_redirects=True, max_redirects=3)
    kind, error = only_error(result)
    assert (kind, error.count) == ("protocol_error", 2)
    assert said in error.sample
    assert result.totals.redirects == target.requests - 2


def test_a_redirect_to_where_nobody_listens() -> None:
    with Target(router({"/": to("http://127.0.0.1:1/")})) as target:
        result = run(target.url, iterations=2, follow_redirects=True)
    assert result.errors == {"connect_refused": 2}
    assert (result.totals.sent, result.totals.redirects) == (2, 2)


def test_a_stop_in_the_middle_of_redirects_is_counted_as_cut_off() -> None:
    with Target(after(10)) as slow, Target(router({"/": to(f"{slow.url}/")})) as target:
        result = run(target.url, users=4, stop_after_s=0.2, graceful_stop_s=0, follow_redirects=True)
    assert (result.totals.sent, result.totals.cut_off, result.totals.redirects) == (4, 4, 4)


def test_endless_redirects_to_ever_new_places_end() -> None:
    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(to(f"{seen.path}x"))

    with Target(respond) as target:
        result = run(target.url, users=2, iterations=6, follow_redirects=True, max_redirects=50)
    assert result.errors == {"protocol_error": 6}
    assert target.requests == 6 * 51


# -- cookies


async def counts_visits(seen: Seen, writer: asyncio.StreamWriter) -> None:
    before = seen.headers.get("cookie", "")
    visits = int(before.removeprefix("visits=") or "0")
    writer.write(reply(before.encode(), 200, f"Set-Cookie: visits={visits + 1}; Path=/\r\n"))


def test_every_user_keeps_its_own_cookies() -> None:
    checks = [{"on": "body", "is": "matches ^(visits=[1-4])?$"}]
    with Target(counts_visits) as target:
        result = run(target.url, users=5, iterations=5, requests=[{"checks": checks}], keepalive=False)
        longer = run(target.url, users=1, iterations=5)
        without = run(target.url, users=1, iterations=5, cookies=False)
    assert result.totals.failures == 0
    assert longer.totals.bytes_sent == without.totals.bytes_sent + 4 * len("Cookie: visits=1\r\n")
    assert target.last is not None
    assert "cookie" not in target.last.headers


def test_cookies_of_a_redirect_go_with_the_next_request() -> None:
    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if "cookie" not in seen.headers:
            writer.write(reply(b"", 303, "Location: /\r\nSet-Cookie: in=1\r\nSet-Cookie: b=2\r\n"))
        else:
            writer.write(reply(seen.headers["cookie"].encode()))

    with Target(respond) as target:
        checks = [{"on": "body", "is": "== in=1; b=2"}]
        result = run(target.url, iterations=3, follow_redirects=True, requests=[{"checks": checks}])
    assert (result.totals.successes, result.totals.redirects) == (3, 1)


# -- credentials and certificates


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ({"type": "basic", "user": "jörg", "password": "a:b"}, "Basic asO2cmc6YTpi"),
        ({"type": "bearer", "token": "t0k3n"}, "Bearer t0k3n"),
    ],
)
def test_credentials_go_to_the_plans_own_origin_only(auth: dict[str, str], sent: str) -> None:
    with Target() as target, Target() as other:
        requests = [{"path": "/"}, {"path": f"{other.url}/x"}]
        run(target.url, iterations=40, requests=requests, auth=auth)
        assert other.last is not None
        assert target.last is not None
        assert target.last.headers["authorization"].startswith(sent.split(" ")[0])
        assert "authorization" not in other.last.headers
        run(target.url, iterations=1, requests=[{"headers": {"authorization": "mine"}}], auth=auth)
        assert target.last.headers["authorization"] == "mine"


def test_a_ca_of_the_plans_own() -> None:
    pem = certificate()[0].decode()
    with Target(tls=True) as target:
        result = run(target.url, iterations=3, ca_pem=pem)
    assert result.totals.successes == 3


def test_a_client_certificate() -> None:
    context = server_context()
    context.load_verify_locations(cadata=certificate()[0].decode())
    context.verify_mode = ssl.CERT_REQUIRED
    pem, key = (part.decode() for part in certificate())
    with Target(tls=context) as target:
        known = run(target.url, iterations=3, verify_tls=False, client_cert_pem=pem, client_key_pem=key)
        unknown = run(target.url, iterations=2, verify_tls=False)
    assert known.totals.successes == target.requests == 3
    assert set(unknown.errors) <= {"tls_error", "connection_reset", "connection_closed"}


@pytest.mark.parametrize(
    "http",
    [
        {"ca_pem": "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----"},
        {
            "client_cert_pem": certificate()[0].decode(),
            "client_key_pem": "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----",
        },
    ],
)
def test_certificates_that_cannot_be_used_end_the_run_with_a_sentence(http: dict[str, str]) -> None:
    events = list[Event]()
    plan = plan_from_data(plan_data("https://127.0.0.1:1", iterations=1, **http))
    run_shard(shard_specs("r", plan, 1)[0], events.append, Control())
    [event] = events
    assert event["type"] == "failed"
    assert event["error"].startswith("http.c")


# -- names


@pytest.mark.parametrize("dns", ["once", "per-connection"])
def test_a_name_is_looked_up_once_or_for_each_connection(dns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from webui.engine.origin import Origin

    lookups = []
    look_up = Origin.look_up

    async def counted(self: Origin) -> None:
        lookups.append(self.target.host)
        await look_up(self)

    monkeypatch.setattr(Origin, "look_up", counted)
    with Target() as target:
        url = target.url.replace("127.0.0.1", "localhost")
        result = run(url, users=2, iterations=6, keepalive=False, dns=dns)
    assert result.totals.successes == 6
    assert len(lookups) == (1 if dns == "once" else 6)


def test_a_name_that_does_not_resolve_for_a_connection() -> None:
    result = run("http://nowhere.invalid", iterations=2, dns="per-connection")
    assert result.errors == {"dns_error": 2}


# -- bodies that are sent


def test_a_body_in_chunks() -> None:
    body = "x" * 40_000
    with Target() as target:
        request = {"method": "POST", "path": "/", "body": body, "chunked": True}
        result = run(target.url, users=2, iterations=6, requests=[request])
    assert result.totals.successes == 6
    assert target.last is not None
    assert target.last.body == body.encode()
    assert "content-length" not in target.last.headers


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("tls", [False, True])
def test_a_body_that_the_server_asks_for(chunked: bool, tls: bool) -> None:
    request = {"method": "POST", "path": "/", "body": "hello", "expect_continue": True, "chunked": chunked}
    with Target(tls=tls) as target:
        result = run(target.url, users=2, iterations=10, requests=[request], verify_tls=False)
    assert result.totals.successes == target.requests == 10
    assert target.connections == 2
    assert target.last is not None
    assert target.last.body == b"hello"
    assert result.total.all_endpoints.response.max_ns < 900e6


async def refuses(writer: asyncio.StreamWriter) -> bool:
    return False


async def says_nothing(writer: asyncio.StreamWriter) -> bool:
    return True


def test_a_body_that_the_server_does_not_want_is_not_sent() -> None:
    request = {"method": "POST", "path": "/", "body": "x" * 1000, "expect_continue": True}
    with Target(always(reply(b"", 417)), on_expect=refuses) as target:
        result = run(target.url, users=2, iterations=4, requests=[request])
    assert result.errors == {"http_417": 4}
    assert target.connections == 4  # what was promised and not sent leaves the connection unfit
    assert result.totals.bytes_sent < 1000


def test_a_body_goes_out_after_a_second_where_the_server_says_nothing() -> None:
    request = {"method": "POST", "path": "/", "body": "hello", "expect_continue": True}
    with Target(on_expect=says_nothing) as target:
        result = run(target.url, iterations=2, requests=[request])
    assert result.totals.successes == 2
    assert target.last is not None
    assert target.last.body == b"hello"
    assert 0.99e9 <= result.total.all_endpoints.response.min_ns < 1.5e9


# -- checks

DOCUMENT = json.dumps({"items": [{"id": 3, "name": "ü"}], "ok": True}).encode()


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"on": "status", "is": "== 200"}, None),
        ({"on": "status", "is": "== 201"}, "status should be == 201, was 200"),
        ({"on": "header", "name": "x-kind", "is": "contains mp"}, None),
        ({"on": "header", "name": "X-None", "is": "exists"}, "header X-None should exist, was null"),
        ({"on": "body", "is": "contains items"}, None),
        ({"on": "body", "is": "not contains items"}, "body should not contain items"),
        ({"on": "json", "path": "$.items[0].id", "is": "== 3"}, None),
        (
            {"on": "json", "path": "$.items[0].name", "is": '== "ö"'},
            '$.items[0].name should be == "ö", was "ü"',
        ),
        ({"on": "size", "is": f"== {len(DOCUMENT)}"}, None),
        ({"on": "size", "is": "< 5"}, "size should be < 5"),
        ({"on": "time", "is": "< 5s"}, None),
        ({"on": "time", "is": "< 0.001ms"}, "time should be < 0.001ms, was "),
    ],
)
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_checks_of_all_kinds(check: dict[str, str], said: str | None, framing: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Kind: sample\r\n"
    data = {
        "length": head + b"Content-Length: %d\r\n\r\n%s" % (len(DOCUMENT), DOCUMENT),
        "chunked": head
        + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(DOCUMENT), DOCUMENT),
        "close": head + b"\r\n" + DOCUMENT,
    }[framing]

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if framing == "close":
            writer.close()

    with Target(respond) as target:
        result = run(target.url, users=2, iterations=6, requests=[{"path": "/", "checks": [check]}])
    if said is None:
        assert result.totals.successes == 6
    else:
        kind, error = only_error(result)
        assert (kind, error.count) == ("check_failed", 6)
        assert said in error.sample
    assert result.totals.completed == target.requests == 6


@pytest.mark.parametrize(
    ("encoding", "body", "said"),
    [
        ("gzip", gzip.compress(DOCUMENT, mtime=0), None),
        ("GZIP", gzip.compress(DOCUMENT[:9], mtime=0) + gzip.compress(DOCUMENT[9:], mtime=0), None),
        ("deflate", zlib.compress(DOCUMENT), None),
        ("deflate", zlib.compress(DOCUMENT)[2:-4], None),
        ("gzip, deflate", zlib.compress(gzip.compress(DOCUMENT, mtime=0)), None),
        ("identity", DOCUMENT, None),
        ("gzip", b"not gzip", "the body is no valid gzip"),
        ("gzip", gzip.compress(DOCUMENT, mtime=0)[:-9], "in the middle"),
        ("br", b"whatever", "'br'"),
        ("gzip", gzip.compress(b"x" * 50_000, mtime=0), "more than 20,000 bytes"),
    ],
)
def test_encoded_bodies_are_decoded_for_checks(encoding: str, body: bytes, said: str | None) -> None:
    checks = [{"on": "json", "path": "$.ok", "is": "== true"}]
    with Target(always(reply(body, 200, f"Content-Encoding: {encoding}\r\n"))) as target:
        result = run(target.url, iterations=3, requests=[{"checks": checks}], max_body_bytes=20_000)
        unlooked = run(target.url, iterations=3, max_body_bytes=20_000)
    assert unlooked.totals.successes == 3
    if said is None:
        assert result.totals.successes == 3
    else:
        kind, error = only_error(result)
        assert kind == "check_failed"
        assert said in error.sample


def test_a_status_is_judged_by_its_check_alone_or_by_the_statuses_first() -> None:
    check = {"on": "status", "is": "== 404"}
    requests = [
        {"path": "/checked", "checks": [check]},
        {"path": "/both", "checks": [check], "success_statuses": ["2xx"]},
        {"path": "/other", "checks": [{"on": "body", "is": "contains x"}]},
    ]
    with Target(always(reply(b"x", 404))) as target:
        result = run(target.url, users=2, iterations=200, requests=requests)
    checked, both, other = result.total.endpoints
    assert checked.totals.failures == 0 < checked.totals.successes
    assert both.totals.successes == other.totals.successes == 0
    assert set(result.errors) == {"http_404"}


# -- limits and bad manners


@pytest.mark.parametrize(("limit", "fits"), [(1000, True), (999, False)])
@pytest.mark.parametrize("checked", [False, True])
def test_the_plan_sets_how_large_a_body_may_be(limit: int, fits: bool, checked: bool) -> None:
    body = b"y" * 1000
    checks = [{"on": "body", "is": "contains y"}] if checked else []

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.path == "/chunked":
            writer.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n%s\r\n0\r\n\r\n" % body
            )
        elif seen.path == "/close":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)
            writer.close()
        else:
            writer.write(reply(body))

    requests = [{"path": path, "checks": checks} for path in ("/", "/chunked", "/close")]
    with Target(respond) as target:
        result = run(target.url, iterations=30, requests=requests, max_body_bytes=limit)
    assert set(result.errors) == (set() if fits else {"body_too_large"})
    assert result.totals.failures == (0 if fits else 30)


async def drips(seen: Seen, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.01)


async def floods(seen: Seen, writer: asyncio.StreamWriter) -> None:
    for _ in range(50):  # well over any limit; asyncio's TLS does not tell that the other side is gone
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000)
        await writer.drain()


async def overflows(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(reply() + b"x" * 1_000_000)
    await writer.drain()


async def half_closes(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    writer.write_eof()
    await asyncio.sleep(5)


async def resets(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    writer.transport.abort()


async def lies(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("respond", "kinds"),
    [
        (drips, {"timeout"}),
        (floods, {"protocol_error"}),
        (half_closes, {"connection_closed"}),
        (resets, {"connection_reset", "connection_closed"}),
        (lies, {"protocol_error"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
@pytest.mark.parametrize("tls", [False, True])
def test_bad_manners_cost_one_failure_a_request(respond: Respond, kinds: set[str], tls: bool) -> None:
    if tls and respond is half_closes:
        pytest.skip("TLS has no half-closed connections in asyncio")
    checks = [{"on": "body", "is": "contains x"}]
    with Target(respond, tls=tls) as target:
        result = run(
            target.url, users=2, iterations=6, requests=[{"checks": checks}],
            timeout_s=0.4, verify_tls=False, follow_redirects=True,
        )  # fmt: skip
    assert set(result.errors) <= kinds
    assert result.totals.failures == 6 == target.requests


def test_more_than_the_length_says_ends_the_connection_and_counts_the_response() -> None:
    with Target(overflows) as target:
        result = run(target.url, users=2, iterations=6)
    assert result.totals.successes == target.requests == target.connections == 6


def test_a_redirect_does_not_show_the_clients_certificate_to_another_origin() -> None:
    context = server_context()
    context.load_verify_locations(cadata=certificate()[0].decode())
    context.verify_mode = ssl.CERT_OPTIONAL
    shown = []

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        shown.append(bool(writer.get_extra_info("peercert")))
        writer.write(reply())

    pem, key = (part.decode() for part in certificate())
    with Target(respond, tls=context) as other:

        async def redirect(seen: Seen, writer: asyncio.StreamWriter) -> None:
            shown.append(bool(writer.get_extra_info("peercert")))
            writer.write(to(f"{other.url}/"))

        with Target(redirect, tls=context) as target:
            result = run(
                target.url, iterations=1, follow_redirects=True, verify_tls=False,
                client_cert_pem=pem, client_key_pem=key,
            )  # fmt: skip
    assert result.totals.successes == 1
    assert shown == [True, False]
