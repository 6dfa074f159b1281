"""What a grid of variants and users tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.analysis.experiment import CellFigures, Difference, VariantFigures, differences

USERS = (1, 4, 16, 64, 256)
NBSP = "\u00a0"


def slots(count: int, service_ms: float = 50.0, **changes: object) -> list[CellFigures]:
    """The cells of a service with so many slots and no spread."""
    cells = []
    for users in USERS:
        latency = service_ms * max(1.0, users / count)
        figures = {
            "users": users,
            "throughput_rps": users / latency * 1000,
            "p50_ms": latency,
            "p95_ms": latency,
            "success_percent": 100.0,
        }
        cells.append(CellFigures.model_validate(figures | changes))
    return cells


def difference(first: list[CellFigures], other: list[CellFigures]) -> Difference:
    found = differences([VariantFigures("1 worker", first), VariantFigures("4 workers", other)])
    assert len(found) == 1
    return found[0]


def test_four_workers_of_a_thread_pool() -> None:
    found = difference(slots(40), slots(160))
    assert found.throughput_ratio == pytest.approx(4.0)
    assert found.at_a_time == pytest.approx(160)
    assert found.p95_ms is not None
    assert found.p95_ms.users == 256
    assert found.sentence == (
        "4 workers: 4.0 times the throughput up to 160 at a time; "
        f"p95 at 256 users falls from 320{NBSP}ms to 80.0{NBSP}ms."
    )


def test_the_diagnosis_figure_goes_before_the_cells() -> None:
    rows = [VariantFigures("1 worker", slots(40)), VariantFigures("4 workers", slots(160), parallelism=155.0)]
    assert differences(rows)[0].at_a_time == 155.0


def test_more_workers_that_change_nothing() -> None:
    found = difference(slots(40), slots(41))
    assert (
        found.sentence == "4 workers: no more throughput than 1 worker; p95 is about the same at every level."
    )


def test_a_service_that_never_fills_up_has_no_number_at_a_time() -> None:
    assert VariantFigures("1 worker", slots(10_000)).at_a_time is None


def test_success_that_differs_is_said_and_latency_of_few_successes_is_not() -> None:
    first = [cell.model_copy(update={"success_percent": 12.5}) for cell in slots(40)]
    found = difference(first, slots(160))
    assert found.p95_ms is None
    assert "success at 1 users rises" not in found.sentence
    assert found.success_percent is not None
    assert "rises from 12.50% to 100%" in found.sentence


def test_figures_of_a_generator_at_its_limit_are_named_so() -> None:
    found = difference(slots(40), slots(160, trustworthy=False))
    assert found.generator_limited
    assert found.p95_ms is None
    assert found.sentence.endswith("The load generator was the limit here, so the target may do more.")


def test_a_level_beyond_the_best_that_is_not_trustworthy_limits_the_ratio_too() -> None:
    """Without the generator's limit it might have been the best."""
    after = slots(160)
    after[-1] = after[-1].model_copy(update={"trustworthy": False, "throughput_rps": 900.0})
    found = difference(slots(40), after)
    assert found.throughput_ratio == pytest.approx(1.6)
    assert found.generator_limited
    assert found.at_a_time is None
    assert found.sentence.startswith("4 workers: 1.6 times the throughput; p95 at 64 users falls")


def test_a_generator_that_waited_for_a_processor_is_named_beside_the_ratio() -> None:
    """Two workers and the generator on two cores: fewer times the throughput, and not by the service."""
    found = difference(slots(40), slots(32, generator_wait_percent=34.6))
    assert found.generator_wait_percent == 34.6
    assert found.sentence.startswith("4 workers: 0.8 times the throughput; ")
    assert found.sentence.endswith(
        " Processors were short: the load generator waited for one up to 35% of its time, so this may be the "
        "machine's limit, not the service's."
    )
    assert "Processors" not in difference(slots(40), slots(32, generator_wait_percent=9.0)).sentence


def test_a_diagnosis_that_could_not_tell_leaves_the_number_open() -> None:
    rows = [VariantFigures("1 worker", slots(40)), VariantFigures("4 workers", slots(160), undecided=True)]
    assert differences(rows)[0].at_a_time is None
    assert "at a time" not in differences(rows)[0].sentence


def test_latency_is_the_same_at_no_more_levels_than_were_compared() -> None:
    after = slots(40)
    after[-1] = after[-1].model_copy(update={"trustworthy": False})
    assert "p95 is about the same at every level that tells." in difference(slots(40), after).sentence


def test_only_levels_that_both_have_are_compared() -> None:
    found = difference(slots(40)[:3], slots(160))
    assert found.throughput_ratio == pytest.approx(1.0)
    assert differences([VariantFigures("a", slots(40)[:1]), VariantFigures("b", slots(40)[1:])]) == ()
    assert differences([VariantFigures("a", ()), VariantFigures("b", slots(40))]) == ()
    assert differences([]) == ()


figure = st.none() | st.floats(0, 1e6)
cells = st.lists(
    st.builds(
        CellFigures,
        users=st.sampled_from(USERS),
        throughput_rps=figure,
        p50_ms=figure,
        p95_ms=figure,
        success_percent=st.none() | st.floats(0, 100),
        trustworthy=st.booleans(),
    ),
    max_size=5,
)


@given(cells, cells)
def test_any_figures_have_a_sentence_or_none(first: list[CellFigures], other: list[CellFigures]) -> None:
    for found in differences([VariantFigures("1 worker", first), VariantFigures("4 workers", other)]):
        assert found.sentence == "" or found.sentence.startswith("4 workers: ")
        assert "None" not in found.sentence
