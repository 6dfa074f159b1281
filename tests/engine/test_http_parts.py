"""What HTTP needs without a connection: cookies, redirects, request bytes, decoding."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webui.engine.content import Undecodable, decode
from webui.engine.cookies import MOST_BYTES, MOST_COOKIES, MOST_LINES, Jar, parse_cookie
from webui.engine.outgoing import Outgoing, outgoing
from webui.engine.redirects import redirected
from webui.engine.response import Violation
from webui.engine.template import prepare
from webui.plan.documents import plan_from_data
from webui.plan.target import parse_url

NOW = 1_800_000_000.0
HOME = parse_url("http://www.shop.test/cart/list?x=1")


def line(url: str, *headers: str, at: str = "http://www.shop.test/cart/list", later: float = 0) -> str:
    """The Cookie header of a request to `url` after these cookies came from `at`."""
    jar = Jar()
    for header in headers:
        jar.store(parse_url(at), header, NOW)
    return jar.line(parse_url(url), NOW + later).decode("latin-1").removeprefix("Cookie: ").strip()


@pytest.mark.parametrize(
    ("cookie", "url", "goes"),
    [
        ("a=1", "http://www.shop.test/cart/x", True),
        ("a=1", "http://www.shop.test/cart", True),
        ("a=1", "http://www.shop.test/cartoon", False),
        ("a=1", "http://www.shop.test/", False),
        ("a=1; Path=/", "http://www.shop.test/", True),
        ("a=1; path=nonsense", "http://www.shop.test/cart/", True),
        ("a=1; Path=/", "http://shop.test/", False),
        ("a=1; Path=/", "http://sub.www.shop.test/", False),
        ("a=1; Path=/", "http://www.shop.test:8080/", False),
        ("a=1; Path=/", "https://www.shop.test/", True),
        ("a=1; Path=/; Secure", "http://www.shop.test/", False),
        ("a=1; Path=/; Secure", "https://www.shop.test/", False),
        ("a=1; Path=/; Domain=shop.test", "http://api.shop.test:8080/", True),
        ("a=1; Path=/; Domain=.SHOP.test", "http://shop.test/", True),
        ("a=1; Path=/; Domain=shop.test", "http://myshop.test/", False),
        ("a=1; Path=/; Domain=other.test", "http://www.shop.test/", False),
        ("a=1; Path=/; Domain=api.shop.test", "http://www.shop.test/", False),
        ("a=1; Path=/; Domain=test", "http://www.shop.test/", False),
        ("a=1; Path=/; Max-Age=0", "http://www.shop.test/", False),
        ("a=1; Path=/; Max-Age=-5", "http://www.shop.test/", False),
        ("a=1; Path=/; Max-Age=nonsense", "http://www.shop.test/", True),
        ("a=1; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "http://www.shop.test/", False),
        ("a=1; Path=/; Expires=Wednesday, 21-Oct-15 07:28:00 GMT", "http://www.shop.test/", False),
        ("a=1; Path=/; Expires=Wed, 21 Oct 2105 07:28:00 GMT", "http://www.shop.test/", True),
        ("a=1; Path=/; Expires=soon", "http://www.shop.test/", True),
        ("a=1; Path=/; Max-Age=9; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "http://www.shop.test/", True),
        ("=; Path=/", "http://www.shop.test/", False),
        ("a=\x01; Path=/", "http://www.shop.test/", False),
        (f"a={'x' * 5000}; Path=/", "http://www.shop.test/", False),
    ],
)
def test_where_a_cookie_goes(cookie: str, url: str, goes: bool) -> None:
    assert line(url, cookie) == ("a=1" if goes else "")


@pytest.mark.parametrize(
    ("cookie", "kept"),
    [
        ("a=1; Secure", True),
        ("__Secure-a=1; Secure", True),
        ("__Secure-a=1; Secure; Domain=shop.test", True),
        ("__secure-a=1", False),
        ("__Host-a=1; Secure; Path=/", True),
        ("__Host-a=1; Path=/", False),
        ("__Host-a=1; Secure", False),
        ("__Host-a=1; Secure; Path=/; Domain=shop.test", False),
    ],
)
def test_secure_cookies_come_and_go_over_tls_only(cookie: str, kept: bool) -> None:
    at = "https://www.shop.test/"
    assert line(at, cookie, at=at) == (cookie.partition(";")[0] if kept else "")
    assert line("http://www.shop.test/", cookie, at=at) == ""
    if "ecure" in cookie:
        assert line(at, cookie, at="http://www.shop.test/") == ""


def test_cookies_of_addresses_stay_with_address_and_port() -> None:
    at = "http://127.0.0.1:8000/"
    assert line(at, "a=1", at=at) == "a=1"
    assert line("http://127.0.0.1:8001/", "a=1", at=at) == ""
    assert line("http://127.0.0.1:8001/", "a=1; Domain=127.0.0.1", at=at) == ""
    assert line(at, "a=1; Domain=0.0.1", at=at) == ""


def test_cookies_are_replaced_ordered_and_forgotten() -> None:
    url = "http://www.shop.test/cart/x"
    assert line(url, "a=1; Path=/", "b=2; Path=/cart", "a=3; Path=/", "c") == "b=2; c; a=3"
    assert line(url, "a=1", "a=; Max-Age=0", "b=2") == "b=2"
    assert line(url, "a=1; Max-Age=10", "b=2", later=9) == "a=1; b=2"
    assert line(url, "a=1; Max-Age=10", "b=2", later=10) == "b=2"


def test_the_line_changes_with_the_jar() -> None:
    jar = Jar()
    seen = []
    for header in ("a=1", "a=1", "a=2", "b=1; Path=/other", "a=2; Max-Age=0"):
        jar.store(HOME, header, NOW)
        seen.append(jar.line(HOME, NOW))
    assert seen == [b"Cookie: a=1\r\n"] * 2 + [b"Cookie: a=2\r\n"] * 2 + [b""]


def test_a_jar_is_bounded() -> None:
    jar = Jar()
    for number in range(1000):
        jar.store(HOME, f"c{number}=1", NOW)
        jar.line(parse_url(f"http://www.shop.test/cart/{number}"), NOW)
    assert len(jar) == MOST_COOKIES
    assert b"c999=1" in jar.line(HOME, NOW)
    assert 0 < len(jar._lines) <= MOST_LINES


def test_a_jar_of_long_cookies_is_bounded_by_their_bytes() -> None:
    jar = Jar()
    for number in range(100):
        jar.store(HOME, f"c{number}={'x' * 4000}", NOW)
        jar.store(HOME, f"c{number}={'y' * 4000}", NOW)
    assert MOST_BYTES - 5000 < len(jar.line(HOME, NOW)) <= MOST_BYTES
    assert jar.line(HOME, NOW).count(b"=y") == len(jar)
    assert not jar._lines
    jar.store(HOME, "c99=; Max-Age=0", NOW)
    jar.store(HOME, f"last={'z' * 4000}", NOW)
    assert len(jar.line(HOME, NOW)) > MOST_BYTES - 5000
    jar.store(parse_url(f"http://www.shop.test/{'p' * 70_000}/"), "far=1", NOW)
    assert len(jar.line(HOME, NOW)) > MOST_BYTES - 5000


@given(st.text(st.characters(max_codepoint=255), max_size=80))
@example("a=b; Expires=Thu, 99 Foo 99999 99:99:99 GMT")
@example("a=b; Max-Age=9999999999999999999999999")
@example("a=b; Max-Age=²")
def test_any_text_is_a_cookie_or_ignored(header: str) -> None:
    cookie = parse_cookie(HOME, header, NOW)
    if cookie is not None:
        assert not {"\r", "\n", "\0", ";"} & {*cookie.name, *cookie.value}
    Jar().store(HOME, header, NOW)


# -- requests


def made(method: str = "GET", *, http: dict[str, object] | None = None, **request: object) -> Outgoing:
    data = {
        "base_url": "http://shop.test/v1",
        "requests": [{"method": method, "path": "/a/b?q=1", **request}],
        "load": {"shape": "constant-users", "users": 1, "duration_s": 1},
        "http": http or {},
    }
    plan = plan_from_data(data)
    return outgoing(plan, plan.requests[0])


def test_framing_of_bodies() -> None:
    body = "ab" * 10_000
    plain, chunked = made("POST", body=body), made("POST", body=body, chunked=True)
    assert b"Content-Length: 20000\r\n" in plain.head(keepalive=True)
    assert plain.content() == body.encode()
    assert b"Transfer-Encoding: chunked\r\n" in chunked.head(keepalive=True)
    assert b"Content-Length" not in chunked.head(keepalive=True)
    expected = b"4000\r\n" + body[:16384].encode() + b"\r\ne20\r\n" + body[16384:].encode()
    assert chunked.content() == expected + b"\r\n0\r\n\r\n"
    assert made("POST").framing() == [("Content-Length", "0")]
    assert made("GET").framing() == []
    assert ("Expect", "100-continue") in made("POST", body="x", expect_continue=True).framing()
    assert made("POST", expect_continue=True).expect is False


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("c", "http://shop.test/v1/a/c"),
        ("/c?d#e", "http://shop.test/c?d"),
        ("?z", "http://shop.test/v1/a/b?z"),
        ("//other.test/x", "http://other.test/x"),
        ("https://shop.test", "https://shop.test/"),
        ("../../../../c", "http://shop.test/c"),
        (" /c d ", None),
        ("/\xc3\xbc", "http://shop.test/%C3%BC"),
        ("", "http://shop.test/v1/a/b?q=1"),
        ("http://user:secret@shop.test/", None),
        ("file:///etc/passwd", None),
        ("http://[", None),
        ("/\r\nX: y", None),
    ],
)
def test_where_a_location_leads(location: str, url: str | None) -> None:
    if url is None:
        with pytest.raises(Violation):
            redirected(made(), 302, location)
    else:
        target = redirected(made(), 302, location).target
        assert target.origin + target.path == url


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_location_leads_somewhere_or_is_a_violation(location: str) -> None:
    with suppress(Violation):
        head = redirected(made(), 302, location).head(keepalive=True)
        assert head.count(b"\r\n") == 5
        assert head.split(b"\r\n")[0].count(b" ") == 2


def test_credentials_stay_with_their_origin() -> None:
    auth = {"type": "bearer", "token": "t"}
    request = made("POST", body="x", headers={"Cookie": "c", "X-Own": "1"}, http={"auth": auth})
    near, far = redirected(request, 307, "/b"), redirected(request, 307, "http://shop.test:81/b")
    assert {"authorization", "cookie", "x-own", "content-type"} <= {name.lower() for name, _ in near.headers}
    assert not {"authorization", "cookie"} & {name.lower() for name, _ in far.headers}
    assert ("Host", "shop.test:81") in far.headers
    assert far.body == b"x"


@pytest.mark.parametrize("name", ["X-Api-Key", "x-auth-token", "X-CSRF-Token", "Proxy-Authorization"])
def test_headers_named_like_secrets_stay_with_their_origin(name: str) -> None:
    request = made(headers={name: "s", "X-Own": "1"})
    near, far = redirected(request, 302, "/b"), redirected(request, 302, "https://other.test/b")
    assert near.has(name.lower())
    assert not far.has(name.lower())
    assert far.has("x-own")


def test_credentials_that_were_left_out_do_not_come_back() -> None:
    auth = {"type": "bearer", "token": "t"}
    far = redirected(made(http={"auth": auth}), 307, "http://shop.test:81/b")
    back = redirected(far, 307, "http://shop.test/a")
    assert not back.has("authorization")


def test_what_redirects_lead_to_is_remembered_within_bounds() -> None:
    data = {
        "base_url": "http://shop.test",
        "requests": [{"path": "/"}],
        "load": {"shape": "constant-users", "users": 1, "duration_s": 1},
        "http": {"follow_redirects": True},
    }
    [template], targets = prepare(plan_from_data(data))
    assert template.follow(302, "/a") is template.follow(302, "/a")
    for number in range(3000):
        template.follow(302, f"/{number}")
    assert len(template.shared._hops) <= 1024
    for number in range(200):
        template.follow(302, f"http://h{number}.test/")
    with pytest.raises(Violation, match="different servers"):
        template.follow(302, "http://one.too.many.test/")
    assert len(targets) == 201


# -- decoding


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", "raw", "gzip, deflate"]))
def test_what_was_encoded_is_decoded(body: bytes, how: str) -> None:
    encoded = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw": zlib.compress(body)[2:-4],
        "gzip, deflate": zlib.compress(gzip.compress(body)),
    }[how]
    encoding = "deflate" if how == "raw" else how
    limit = len(gzip.compress(body)) + len(body)
    assert decode(encoded, encoding, limit) == body


@given(
    st.binary(max_size=200),
    st.sampled_from(["gzip", "deflate", "x-gzip, gzip", "br", "", "gzip" + ",gzip" * 9]),
)
def test_anything_decodes_within_the_limit_or_is_undecodable(body: bytes, encoding: str) -> None:
    for data in (body, gzip.compress(body), gzip.compress(body) * 3):
        with suppress(Undecodable):
            assert len(decode(data, encoding, 100)) <= max(100, len(data) if encoding == "" else 0)


class Decoder:
    """zlib's, with the bytes counted that it is given and that it copies for being given too much."""

    handled = 0

    def __init__(self, window: int) -> None:
        self._stream = REAL_DECODER(window)

    def decompress(self, piece: memoryview, most: int) -> bytes:
        Decoder.handled += len(piece)
        return self._stream.decompress(piece, most)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        Decoder.handled += len(self._stream.unused_data)
        return self._stream.unused_data


REAL_DECODER = zlib.decompressobj


@pytest.mark.parametrize(("parts", "size"), [(1, 900_000), (9_999, 20), (300, 5_000)])
def test_the_work_grows_with_the_body_not_with_its_parts(
    monkeypatch: pytest.MonkeyPatch, parts: int, size: int
) -> None:
    monkeypatch.setattr(zlib, "decompressobj", Decoder)
    Decoder.handled, part = 0, bytes(index * 7 % 251 for index in range(size))
    body = gzip.compress(part, 1) * parts
    assert decode(body, "gzip", parts * size) == part * parts
    assert Decoder.handled <= 5 * len(body) + 64 * parts
    with pytest.raises(Undecodable, match="more than"):
        decode(body, "gzip", parts * size - 1)


def test_a_body_of_very_many_parts_is_given_up() -> None:
    with pytest.raises(Undecodable, match="in more than 10,000 parts"):
        decode(gzip.compress(b"") * 100_000, "gzip", 1_000_000)


def test_zeros_after_a_part_are_padding() -> None:
    assert decode(gzip.compress(b"a") + bytes(99) + gzip.compress(b"b") + bytes(3), "gzip", 9) == b"ab"
    with pytest.raises(Undecodable, match="in the middle"):
        decode(gzip.compress(b"a") + gzip.compress(b"b")[:-1], "gzip", 9)


def test_a_bomb_takes_no_more_than_the_limit() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 50_000_000))
    with pytest.raises(Undecodable, match="more than 1,000,000 bytes"):
        decode(bomb, "gzip, gzip", 1_000_000)
