"""The parts of the benchmarks that need no machine: what peers print, verdicts, notes, and the guide."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.__main__ import BENCHMARKS
from benchmarks.locust import _rate as locust_rate
from benchmarks.nginx import Nginx, Status
from benchmarks.report import NO_NOTE, Limit, Report, Section, broken_off, sections_of
from benchmarks.rounds import Figures, Generator, Taken, alternate, compared
from benchmarks.tools import Toolbox

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("peer", "output", "rate"),
    [
        (peers.WRK, "  5 requests in 1s\nRequests/sec:  98765.43\nTransfer/sec: 1MB", 98765.43),
        (peers.AB, "Requests per second:    12345.67 [#/sec] (mean)", 12345.67),
        (peers.H2LOAD, "finished in 5.01s, 54321.00 req/s, 9.5MB/s", 54321.0),
        (peers.HEY, "  Total: 5 secs\n  Requests/sec:\t2345.6\n", 2345.6),
        (peers.AUTOCANNON, '{"requests": {"total": 500, "average": 1}, "duration": 5}', 100.0),
    ],
)
def test_a_peers_rate_is_read(peer: peers.Peer, output: str, rate: float) -> None:
    assert peer.rate(output) == rate


def test_locusts_rate_is_over_the_time_of_its_requests() -> None:
    assert locust_rate('[{"num_requests": 300, "start_time": 10.0, "last_request_timestamp": 13.0}]') == 100


def test_commands_are_shown_as_they_would_be_typed() -> None:
    class Tools(Toolbox):
        def find(self, name: str) -> str | None:
            return f"/usr/bin/{name}"

    shown = [
        each.command for each in peers.generators(Tools(ROOT, install=False), "X", peers.WRK_CLOSE, peers.AB)
    ]
    assert shown == [
        "wrk -t1 -c50 -dSECONDSs -H 'Connection: close' URL",
        "ab -k -q -c50 -tSECONDS -n100000000 URL",
    ]


def test_output_without_a_rate_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no rate in: unable to connect"):
        peers.WRK.rate("unable to connect")


class CountingNginx(Nginx):
    """Its status without a server: each look is a request too."""

    def __init__(self) -> None:
        self.requests = 0

    def status(self) -> Status:
        self.requests += 1
        return Status(0, self.requests)


def test_rounds_alternate_and_count_by_the_targets_own_count() -> None:
    nginx, order = CountingNginx(), []

    def generator(name: str, requests: int) -> Generator:
        def go(seconds: int) -> Taken:
            order.append((name, seconds))
            nginx.requests += requests
            return Taken(requests / seconds, 0.5, 0.25 if name == "katydid" else None)

        return Generator(name, name, go)

    both = [generator("katydid", 300), generator("wrk", 400)]
    found = alternate(nginx, both, rounds=2, seconds=4)
    one_round = [("katydid", 4), ("wrk", 4)]
    assert order == [("katydid", 1), ("wrk", 1), *one_round, *one_round]
    assert found == {
        "katydid": Figures([75, 75], [600, 600], [1200, 1200]),
        "wrk": Figures([100, 100], [800, 800], []),
    }
    section = compared("Closed loop", found, both, {"wrk": 0.9, "hey": 1.0}, 4)
    assert [(limit.what, limit.value, limit.kept) for limit in section.limits] == [
        ("Katydid's rate ÷ wrk's", 0.75, False)
    ]
    assert section.remarks[-1].endswith("1,200 requests per CPU-second, 1.50 of wrk's")
    assert section.rows[1] == ["wrk", "100", "100", "100", "0.75", "800", "0.75"]


def test_a_limit_that_is_not_reached_has_its_note() -> None:
    limits = [Limit("rate", 0.5, 0.9, at_least=True), Limit("memory", 9, 5, at_least=False, unit=" %")]
    report = Report({"tls": Section("TLS", ["a", "b"], [["x", "1"]], limits)})
    text = report.markdown(["a machine"], "Then.", {"tls": {"rate": "It is\n  the cipher."}})
    assert not report.kept
    assert "- **NOT REACHED: rate 0.5, at least 0.9**\n  It is the cipher.\n" in text
    assert f"- **NOT REACHED: memory 9 %, at most 5 %**\n  {NO_NOTE}\n" in text
    assert text.startswith("# Results\n\n- a machine\n")


def test_what_was_not_measured_now_stays_as_it_was() -> None:
    both = {name: Section(name.upper(), ["a", "b"], [["x", "1"]]) for name in ("tls", "soak")}
    before = sections_of(Report(both).markdown(["a machine"], "Measured before.", {}))
    assert list(before) == ["tls", "soak"]
    now = Report({"tls": Section("TLS", ["a", "b"], [["x", "2"]])})
    after = sections_of(now.markdown(["a machine"], "Measured now.", {}, before))
    assert list(after) == ["tls", "soak"]
    assert after["soak"] == before["soak"]
    assert "| x | 2 |" in after["tls"]
    assert after["tls"].endswith("Measured now.")


def test_a_benchmark_that_breaks_off_is_not_kept() -> None:
    report = Report({"tls": broken_off("tls", ValueError("no rate in /tmp/x/run.log\nat all"))})
    assert not report.kept
    assert "ValueError: no rate in …/run.log\n" in report.markdown([], "", {})


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_is_in_the_guide(name: str) -> None:
    assert f"\n| `{name}` | " in GUIDE


@pytest.mark.parametrize("flag", ["--rounds", "--seconds", "--soak", "--no-install", "--write"])
def test_a_flag_is_in_the_guide(flag: str) -> None:
    assert f"\n| `{flag}" in GUIDE


def test_notes_are_for_benchmarks_that_there_are() -> None:
    notes = tomllib.loads((ROOT / "benchmarks" / "notes.toml").read_text(encoding="utf-8"))
    assert set(notes) <= set(BENCHMARKS)
