"""The page of a finished sweep, from hand-made diagnoses of every pattern."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.pages.diagnosed import HEADLINES, diagnosis, ended_sweep, step
from tests.pages.test_run_page import chart_data, text_of
from webui.analysis.diagnosed import CanaryPart, Capacity, Estimate, Pattern, Queue
from webui.metrics.probing import Activity
from webui.pages.chart_data import chart_update, whole_chart
from webui.pages.closer import closer_of
from webui.pages.run_context import run_page
from webui.pages.templating import environment, prose, render
from webui.pages.verdict import ends, verdict_of
from webui.runs.model import RunView
from webui.sweep.acts import Why


def page_of(view: RunView, *, shared: bool = False) -> str:
    page = run_page(view, view.audit, base=f"/runs/{view.id}", shared=shared)
    closer = closer_of(view, page, "", "")
    return render("run/page.html", page, chart=whole_chart(view), closer=closer, change_problem=None)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " ").split())


@pytest.mark.parametrize("pattern", HEADLINES)
def test_each_pattern_has_its_page(pattern: Pattern) -> None:
    page = page_of(ended_sweep(diagnosis(pattern)))
    shown = words(page)
    assert HEADLINES[pattern][0] in shown
    sure = "Inconclusive" if pattern == "inconclusive" else "Verdict, high confidence"
    assert sure in shown
    assert "1,140" not in shown
    assert json.dumps(pattern) not in page, "the page says it in words"


def test_the_verdict_has_its_evidence_figures_and_picture() -> None:
    page = page_of(ended_sweep(diagnosis()))
    assert "<b>Throughput stops at 40.</b> 398 to 399 successes/s" in page
    assert "sync <code>def</code> endpoints" in page
    shown = words(page)
    assert "What this can’t tell. A connection pool" in shown
    assert "Works at a time 40 95%: 39.9 to 40.1" in shown
    assert "Most throughput 398 successes/s 95%: 397 to 399" in shown
    assert "p95 up to the knee 102 ms at 40 users" in shown
    assert "Most throughput with p95 latency below 200 ms 398 successes/s at 64 users" in shown
    assert page.count("<i></i>") == 80
    assert "40 requests are being worked on for about 100\u00a0ms and 40 are waiting" in page


def test_a_picture_of_many_users_says_what_a_cell_stands_for() -> None:
    queue = Queue(users=1000, in_service=400, waiting=600, service_ms=100, wait_ms=150)
    page = page_of(ended_sweep(diagnosis(queue=queue)))
    assert page.count("<i></i>") == 50
    assert "Each square or circle is 20 requests." in page


def test_the_steps_have_the_knee_and_what_is_in_service() -> None:
    page = page_of(ended_sweep(diagnosis()))
    assert '<tr id="step-40" class="knee">' in page
    assert text_of(page, "step-40").startswith("40 knee 398 100 102 104 100% 40.0 0")
    assert text_of(page, "step-128").startswith("128 398 321 328 334 100% 40.0 88.0")
    assert '<tr id="step-57" class="past">' in page
    assert 'width="45.0" height="8"' in page  # 40 of 160 users, of 180


def test_a_level_measured_twice_has_two_rows() -> None:
    found = diagnosis()
    view = ended_sweep(found)
    made = view.result().model_copy(update={"steps": (step(1), step(1, "again"), step(2))})
    view.__dict__["made"] = made
    page = page_of(view)
    assert 'id="step-1"' in page
    assert text_of(page, "step-1-2").startswith("1 at the end")


def test_inconclusive_gives_its_reasons_and_no_figure_that_is_not_known() -> None:
    shown = words(page_of(ended_sweep(diagnosis("inconclusive"))))
    assert "With one user, a request took 100 ms at the start and 240 ms at the end." in shown
    assert "Works at a time – not known" in shown
    assert "What happens with" not in shown
    assert "No model was fitted." in shown
    assert "Every candidate answered more slowly than the target itself." in shown
    assert "This sweep suggests nothing to try." in shown


def test_an_open_end_is_said_to_be_open() -> None:
    shown = words(page_of(ended_sweep(diagnosis("scales"))))
    assert "Works at a time 158+ no end was reached" in shown
    assert "None waiting in line" in shown
    assert "p95 at the peak" in shown


def test_what_to_try_causes_and_the_canary_stand_beside() -> None:
    page = page_of(ended_sweep(diagnosis()))
    shown = words(page)
    assert page.count("Run the same sweep") == 1
    assert 'action="/runs/r_sweep/why"' in page
    assert "To confirm: Raise total_tokens to 80: the knee moves to 80." in shown
    assert 'href="https://anyio.readthedocs.io/en/stable/threads.html"' in page
    assert "Canary /ping" in shown
    assert "0.0100, it never waits" in shown
    assert "Requests to it 812" in shown
    assert "6,510 requests in 15.3 s" in shown


def test_a_source_that_is_no_address_is_no_link() -> None:
    cause = diagnosis().hypotheses[0].model_copy(update={"source": "javascript:alert(1)"})
    page = page_of(ended_sweep(diagnosis(hypotheses=(cause,))))
    assert 'href="javascript' not in page


def test_a_shared_verdict_has_nothing_to_start() -> None:
    page = page_of(ended_sweep(diagnosis()), shared=True)
    assert "This service handles 40 requests at a time." in page
    assert "/why" not in page


def test_a_capacity_that_no_level_kept() -> None:
    capacity = Capacity(limit="p95<20ms")
    assert "– no step kept to it" in words(page_of(ended_sweep(diagnosis(capacity=capacity))))


def test_a_canary_in_the_same_line() -> None:
    canary = CanaryPart(path="/ping", idle_ms=1.0, loaded_ms=300.0, coupling=0.95)
    assert "0.950, it waits in the same line" in words(page_of(ended_sweep(diagnosis(canary=canary))))


def test_a_sweep_without_a_diagnosis_keeps_its_steps() -> None:
    page = page_of(ended_sweep(None))
    assert "verdict-h" not in page
    assert chart_data(page)["diagnosis"] is None


def test_the_charts_get_the_fits_and_the_knee() -> None:
    data = chart_data(page_of(ended_sweep(diagnosis())))
    drawn = data["diagnosis"]
    assert isinstance(drawn, dict)
    assert (drawn["knee"], drawn["light_ms"]) == (40.04, 100.4)
    assert [chosen for chosen, _ in drawn["fits"]] == [True, False]
    assert len(data["steps"]) == 11  # type: ignore[arg-type]
    assert chart_update(ended_sweep(diagnosis()), (), whole=False)["diagnosis"] == drawn


def test_the_fits_and_the_law_are_explained() -> None:
    shown = words(page_of(ended_sweep(diagnosis())))
    assert "The knee comes from the hard limit (R² above 0.9999)." in shown
    assert "Universal Scalability Law (α 0.0068, β 0.00014, R² 0.981)" in shown
    assert "users ÷ 398 successes/s. Past the knee p50 sits on it" in shown


def test_the_law_is_not_said_to_hold_where_it_does_not() -> None:
    steps = [step(users) for users in (1, 40, 64, 128)]
    slower = replace_times(steps[-1], 2.0)
    assert verdict_of(diagnosis(), steps, ()).law_holds
    assert not verdict_of(diagnosis(), [*steps[:-1], slower], ()).law_holds


def replace_times(one, factor: float):  # type: ignore[no-untyped-def]
    times = one.response_time_ms
    return one.model_copy(update={"response_time_ms": times.model_copy(update={"p50": times.p50 * factor})})


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (397.4, 399.2, ("397", "399")),
        (397.61, 397.92, ("397.6", "397.9")),
        (None, 40.0, ("", "40.0")),
        (158.0, None, ("158", "")),
    ],
)
def test_an_intervals_ends_can_be_told_apart(
    low: float | None, high: float | None, shown: tuple[str, str]
) -> None:
    assert ends(low, high) == shown


def test_a_whole_number_is_shown_only_inside_its_interval() -> None:
    def at_a_time(**figures: float) -> str:
        part = diagnosis(effective_parallelism=Estimate(**figures))
        return verdict_of(part, (), ()).at_a_time.value

    assert at_a_time(value=40.04, low=39.9, high=40.1) == "40"
    assert at_a_time(value=2.52, low=2.4, high=2.6) == "2.52"
    assert at_a_time(value=0.97, low=0.9, high=1.05) == "0.970"


def test_backticks_are_code_and_nothing_else_is_markup() -> None:
    assert prose("raise `total_tokens` <b>") == "raise <code>total_tokens</code> &lt;b&gt;"
    assert prose("a lone ` stays") == "a lone ` stays"


def test_a_live_view_has_no_verdict() -> None:
    view = ended_sweep(diagnosis())
    live = replace(view, status=type(view.status).RUNNING)
    page = page_of(live)
    assert "verdict-h" not in page
    assert "Finding out why" in page


@pytest.mark.parametrize("why", Why.__args__)  # type: ignore[attr-defined]
def test_everything_that_a_sweep_does_is_said_with_its_purpose(why: Why) -> None:
    said = environment().get_template("run/_sweep_words.html").module
    assert said.doing(Activity(why, 40)).strip() != "Measuring"  # type: ignore[attr-defined]
    assert said.what_for(Activity(why, 40)).strip().endswith(".")  # type: ignore[attr-defined]
