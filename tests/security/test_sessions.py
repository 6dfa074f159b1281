"""Cookies of sessions: signed, bounded in time, ended by logging out; and wrong tokens slowed down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.security.access import Access, Role
from webui.security.sessions import _ENDED_KEPT, Session, Sessions, session_secret
from webui.security.throttle import FORGIVEN_AFTER_S, FREE, LONGEST_S, Throttle

ACCESS = Access.of({Role.OPERATOR: "operators-token-1", Role.VIEWER: "viewers-token-123"})


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def sessions(clock: Clock, secret: bytes = b"s" * 32, access: Access = ACCESS) -> Sessions:
    made = Sessions.of(secret, access.fingerprints, life_s=3600)
    made.clock = clock
    return made


def test_a_cookie_says_who_and_until_when() -> None:
    clock = Clock()
    own = sessions(clock)
    for role in (Role.OPERATOR, Role.VIEWER):
        session = own.read(own.begin(role))
        assert session is not None
        assert (session.role, session.ends) == (role, 1_003_600)
    clock.now += 3600
    assert own.read(own.begin(Role.VIEWER)) is not None
    assert session is not None
    assert not own.lasts(session)


def test_a_session_outlives_a_restart_and_not_its_token() -> None:
    clock = Clock()
    cookie = sessions(clock).begin(Role.OPERATOR)
    assert sessions(clock).read(cookie) is not None
    assert sessions(clock, secret=b"t" * 32).read(cookie) is None
    other = Access.of({Role.OPERATOR: "operators-token-2", Role.VIEWER: "viewers-token-123"})
    assert sessions(clock, access=other).read(cookie) is None
    assert sessions(clock, access=Access.of({})).read(cookie) is None


@given(place=st.integers(0, 200), char=st.sampled_from("aA0.-_=é\n"))
def test_no_character_of_a_cookie_can_be_changed(place: int, char: str) -> None:
    own = sessions(Clock())
    cookie = own.begin(Role.VIEWER)
    place %= len(cookie)
    changed = cookie[:place] + char + cookie[place + 1 :]
    # The last of 43 base64 characters has two bits to spare; they are compared as text all the same.
    assert (own.read(changed) is not None) == (changed == cookie)


def test_a_viewers_cookie_does_not_become_an_operators() -> None:
    own = sessions(Clock())
    cookie = own.begin(Role.VIEWER)
    assert own.read("operator" + cookie.removeprefix("viewer")) is None
    for junk in (
        "",
        "operator",
        "operator.9999999999..",
        "share.1.aaaaaaaaaaaaaaaa." + "a" * 43,
        "x" * 100_000,
    ):
        assert own.read(junk) is None


def test_logging_out_ends_a_copied_cookie_too() -> None:
    own = sessions(Clock())
    cookie, other = own.begin(Role.OPERATOR), own.begin(Role.OPERATOR)
    session = own.read(cookie)
    assert session is not None
    own.end(session)
    assert own.read(cookie) is None
    assert own.read(other) is not None


def test_what_is_kept_of_ended_sessions_is_bounded() -> None:
    clock = Clock()
    own = sessions(clock)
    own.end(Session(Role.VIEWER, int(clock.now) + 1, "early"))
    clock.now += 10
    own.end(Session(Role.VIEWER, int(clock.now) + 100, "late"))
    assert list(own._ended) == ["late"]
    own._ended.update({str(number): int(clock.now) + 50 for number in range(_ENDED_KEPT)})
    own.end(Session(Role.VIEWER, int(clock.now) + 100, "last"))
    assert len(own._ended) == _ENDED_KEPT


def test_the_key_is_kept_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    secret = session_secret(tmp_path / "data")
    file = tmp_path / "data" / "session.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert session_secret(tmp_path / "data") == secret
    assert len(secret) == 32
    assert [each.name for each in file.parent.iterdir()] == ["session.key"]


def test_without_a_place_for_it_the_key_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert session_secret(tmp_path / "file") != session_secret(tmp_path / "file")
    (tmp_path / "session.key").write_bytes(b"cut off")
    assert len(session_secret(tmp_path)) == 32


def test_failures_cost_more_and_more_time_and_a_success_ends_that() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(FREE + 8):
        throttle.failed("10.0.0.1")
        waits.append(throttle.wait_s("10.0.0.1"))
        clock.now += waits[-1]
        assert throttle.wait_s("10.0.0.1") == 0
    assert waits == [0] * (FREE - 1) + [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert max(waits) == LONGEST_S
    throttle.failed("10.0.0.1")
    assert throttle.wait_s("10.0.0.2") == 0
    throttle.succeeded("10.0.0.1")
    assert throttle.wait_s("10.0.0.1") == 0


def test_failures_are_forgiven_after_a_while() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(FREE):
        throttle.failed("10.0.0.1")
    clock.now += FORGIVEN_AFTER_S
    throttle.failed("10.0.0.1")
    assert throttle.wait_s("10.0.0.1") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("2001:db8::1", "2001:db8::ffff", True), ("2001:db8::1", "2001:db8:0:1::1", False),
     ("::ffff:10.0.0.1", "10.0.0.1", True), ("unknown", "unknown", True)],
)  # fmt: skip
def test_an_address_is_what_one_attacker_has(one: str, other: str, same: bool) -> None:
    throttle = Throttle(Clock())
    for _ in range(FREE):
        throttle.failed(one)
    assert (throttle.wait_s(other) > 0) is same


def test_many_addresses_take_bounded_memory() -> None:
    throttle = Throttle(Clock())
    for number in range(10_000):
        throttle.failed(f"10.1.{number // 256}.{number % 256}")
    assert len(throttle._records) == 4096
