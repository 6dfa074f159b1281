"""What a person reads while a run goes on and when it has ended."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console, RenderableType

from webui.analysis.document import (
    AuditPart,
    ChangePart,
    EndpointPart,
    ErrorPart,
    RowPart,
    RunDocument,
    StepPart,
    ThresholdPart,
    TimesPart,
    TotalsPart,
)
from webui.cli.live import Moment, display_on, line, table
from webui.cli.summary import summary

NBSP = "\u00a0"
TOTALS = TotalsPart(
    offered=1234, sent=1234, completed=1233, successes=1224, failures=9, cut_off=1,
    rate_rps=123.4, throughput_rps=122.4, success_percent=99.27, bytes_sent=1000, bytes_received=4_450_000,
)  # fmt: skip
TIMES = TimesPart(count=1224, min=1, mean=2, stdev=1, p50=20.44, p75=3, p90=4, p95=57.9, p99=80, max=1840)
ROW = RowPart(
    t_s=3.0, interval_s=0.2, users=50, in_flight=49, rate_rps=2500, throughput_rps=2431.4, failures=2,
    p50_ms=20.4, p90_ms=25, p95_ms=28, p99_ms=None, mean_ms=21,
)  # fmt: skip
MOMENT = Moment("Items", 3.0, 10.0, 0.3, ROW, TOTALS, TIMES)


def text_of(shown: RenderableType, width: int = 80) -> str:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(shown)
    return file.getvalue().replace(NBSP, " ")


def document(**more: object) -> RunDocument:
    values: dict[str, object] = {
        "id": "r_1", "name": "Items", "status": "failed", "status_reason": "1 of 2 thresholds", "plan": {},
        "created_at": datetime(2026, 1, 1, tzinfo=UTC), "duration_s": 10.0, "totals": TOTALS,
        "response_time_ms": TIMES, "status_codes": {"200": 1224, "503": 9},
        "errors": (ErrorPart(kind="http_503", count=9, sample="busy\x1b[2J\nnow"),),
        "thresholds": (
            ThresholdPart(expression="p95<50ms", passed=False, actual=57.9, limit=50, unit="ms"),
            ThresholdPart(expression="success>99%", passed=True, actual=99.27, limit=99, unit="%"),
            ThresholdPart(expression="throughput>1", passed=True, actual=122.4, limit=1, unit="/s"),
            ThresholdPart(expression="errors<10", passed=True, actual=9, limit=10, unit=""),
            ThresholdPart(expression="audit.trustworthy", passed=True, actual=1, limit=1, unit=""),
        ),
        "audit": AuditPart(trustworthy=True),
    }  # fmt: skip
    return RunDocument.model_validate({**values, **more})


def test_the_summary_has_every_figure() -> None:
    shown = text_of(summary(document()))
    for part in (
        "Items  failed  1 of 2 thresholds",
        "1,234 sent, 1,224 succeeded, 9 failed, 1 cut off at the end",
        "99.27%",
        "122 successes/s",
        "4.45 MB received",
        "200 × 1,224   503 × 9",
        "trustworthy",
    ):
        assert part in shown
    lines = [" ".join(row.split()) for row in shown.splitlines()]
    assert "p50 20.4 ms" in lines
    assert "p99.9 –" in lines
    assert "max 1.84 s" in lines
    assert "p95<50ms broken 57.9 ms" in lines
    assert "success>99% holds 99.27%" in lines
    assert "throughput>1 holds 122/s" in lines
    assert "errors<10 holds 9" in lines
    assert "audit.trustworthy holds yes" in lines


def test_what_a_target_sent_cannot_move_the_cursor() -> None:
    shown = text_of(summary(document()))
    assert "\x1b" not in shown
    assert "busy\ufffd[2J now" in shown


def test_markup_in_names_is_only_text() -> None:
    assert "[red]Items[/red]" in text_of(summary(document(name="[red]Items[/red]")))
    error = ErrorPart(kind="timeout", count=1, sample="[link=http://x]click[/link]")
    assert "[link=http://x]click[/link]" in text_of(summary(document(errors=(error,))))


def test_several_endpoints_get_a_table() -> None:
    parts = {
        "totals": TOTALS, "response_time_ms": TIMES, "service_time_ms": TIMES,
        "failure_time_ms": TimesPart(), "first_byte_ms": TIMES,
    }  # fmt: skip
    endpoints = [EndpointPart(name=name, method="GET", **parts) for name in ("GET /a", "GET /b")]
    shown = text_of(summary(document(endpoints=endpoints)))
    assert "GET /a" in shown
    assert "GET /b" in shown


def test_an_untrustworthy_run_says_why() -> None:
    audit = AuditPart(trustworthy=False, reasons=("The generator used 99% of its core.",))
    shown = text_of(summary(document(audit=audit)))
    assert "not trustworthy" in shown
    assert "The generator used 99% of its core." in shown


def test_a_sweep_shows_its_levels() -> None:
    parts = {"t_s": 1, "duration_s": 1, "settle_s": 0.2, "totals": TOTALS, "response_time_ms": TIMES}
    steps = [
        StepPart(users=users, throughput_rps=rate, success_percent=share, **parts)
        for users, rate, share in ((1, 45.67, 100), (1024, 8123.4, 99.5))
    ]
    lines = [" ".join(row.split()) for row in text_of(summary(document(steps=steps))).splitlines()]
    assert "1 45.7 100% 20.4 ms 57.9 ms 80.0 ms" in lines
    assert "1,024 8,120 99.50% 20.4 ms 57.9 ms 80.0 ms" in lines


def test_changes_are_listed_in_words() -> None:
    changes = [
        ChangePart(number=1, t_s=3.04, kind="users", value=1400),
        ChangePart(number=2, t_s=4, kind="rate", value=12.5),
        ChangePart(number=3, t_s=5, kind="pause"),
        ChangePart(number=4, t_s=6, kind="resume"),
        ChangePart(number=5, t_s=7, kind="add_time", value=30),
    ]
    shown = text_of(summary(document(changes=changes)))
    lines = [" ".join(row.split()) for row in shown.splitlines()]
    for words in (
        "3.0 s 1,400 users",
        "4.0 s 12.5 starts/s",
        "5.0 s paused",
        "6.0 s resumed",
        "7.0 s 30 s added",
    ):
        assert words in lines


def test_the_open_model_has_service_times_and_drops() -> None:
    dropped = TOTALS.model_copy(update={"dropped": 4321})
    service = TIMES.model_copy(update={"p99": 12.3})
    shown = text_of(summary(document(service_time_ms=TIMES, totals=dropped)))
    assert "4,321 dropped unsent" in " ".join(shown.split())
    assert "Service time" not in shown  # the closed model: the same as the response time
    shown = text_of(summary(document(service_time_ms=service)))
    lines = [" ".join(row.split()) for row in shown.splitlines()]
    assert "Response time Service time" in lines
    assert "p99 80.0 ms 12.3 ms" in lines


def test_redirects_are_counted_beside_the_requests() -> None:
    shown = text_of(summary(document(totals=TOTALS.model_copy(update={"redirects": 3}))))
    assert "9 failed, 3 redirects followed, 1 cut off at the end" in " ".join(shown.split())


def test_hints_of_the_audit_are_shown() -> None:
    audit = AuditPart(trustworthy=True, hints=("Another process had the core.",))
    assert "Another process had the core." in text_of(summary(document(audit=audit)))


def test_a_run_without_figures_still_has_a_summary() -> None:
    empty = document(totals=TotalsPart(), response_time_ms=TimesPart(), thresholds=(), audit=AuditPart())
    shown = text_of(summary(empty))
    assert "0 sent" in shown
    assert "p50" not in shown


def test_a_line() -> None:
    assert line(MOMENT).replace(NBSP, " ") == (
        "  3.0 s  50 users  2,430 successes/s  p50 20.4 ms  p99 –  9 failures"
    )


def test_the_live_table_shows_now_beside_so_far() -> None:
    lines = [" ".join(row.split()) for row in text_of(table(MOMENT)).splitlines()]
    assert any(row.endswith("3 s of 10 s, 7 s left") for row in lines)
    assert "Requests 2,500/s 1,234" in lines
    assert "Failures 2 9" in lines
    assert "p95 28.0 ms 57.9 ms" in lines


def test_past_its_time_a_run_waits_for_answers() -> None:
    late = replace(MOMENT, elapsed_s=10.4, fraction=1.0)
    assert "10.4 s of 10 s, waiting for the last answers" in text_of(table(late))


def test_lines_come_once_a_second() -> None:
    file = io.StringIO()
    with display_on(Console(file=file, width=100), quiet=False) as display:
        for tenth in range(2, 31, 2):  # an interval each 0.2 s, for 3 s
            display.show(Moment("Items", tenth / 10, 3.0, 0.1, ROW, TOTALS, TIMES))
    assert len(file.getvalue().splitlines()) == 3


def test_quiet_shows_nothing() -> None:
    file = io.StringIO()
    with display_on(Console(file=file, force_terminal=True), quiet=True) as display:
        display.show(MOMENT)
    assert file.getvalue() == ""


OPEN = replace(
    MOMENT,
    shape="500 starts/s wanted",
    service=TIMES.model_copy(update={"p99": 12.3}),
    row=ROW.model_copy(update={"service_p99_ms": 4.5, "dropped": 7}),
    totals=TOTALS.model_copy(update={"dropped": 4321}),
    thresholds=(
        ThresholdPart(expression="p95<50ms", passed=False, actual=57.9, limit=50, unit="ms"),
        ThresholdPart(expression="errors<10", passed=True, actual=9, limit=10, unit=""),
    ),
)


def test_the_live_table_of_the_open_model() -> None:
    lines = [" ".join(row.split()) for row in text_of(table(OPEN)).splitlines()]
    assert "500 starts/s wanted" in lines
    assert "Dropped 7 4,321" in lines
    assert "Service p99 4.50 ms 12.3 ms" in lines
    assert "p95<50ms broken 57.9 ms" in lines
    assert "errors<10 holds 9" in lines


def test_a_line_of_the_open_model() -> None:
    assert (
        line(OPEN)
        .replace(NBSP, " ")
        .endswith("9 failures  service p99 4.50 ms  4,321 dropped  500 starts/s wanted")
    )
