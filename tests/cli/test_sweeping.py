"""What a sweep says on a terminal: while it goes on, and its verdict."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Katydid, Target
from tests.cli.test_output import text_of
from tests.pages.diagnosed import HEADLINES, diagnosis, document
from webui.analysis.diagnosed import Estimate, Pattern
from webui.cli.summary import summary
from webui.cli.sweeping import _DOING, doing
from webui.metrics.probing import Activity
from webui.sweep.acts import Why


def shown(pattern: Pattern = "fixed-slots", **more: object) -> str:
    return " ".join(text_of(summary(document(diagnosis(pattern, **more))), width=120).split())


def test_the_verdict_comes_first_and_has_all() -> None:
    text = shown()
    for part in (
        "Verdict, high confidence This service handles 40 requests at a time. Beyond 40,",
        "✓ Throughput stops at 40. 398 to 399 successes/s",
        "? A connection pool or a proxy",
        "Works at a time 40.0 (95%: 39.90 to 40.10)",
        "With p95<200ms 398 successes/s at 64 users",
        "40 398 100% 100 ms 102 ms 104 ms 40.0 0 knee",
        "1. Raise the thread limit to 80.",
        "To confirm: Raise `total_tokens` to 80",
        "https://anyio.readthedocs.io",
    ):
        assert part in text
    assert text.index("Verdict") < text.index("Users Successes/s") < text.index("What to try next")


@pytest.mark.parametrize("pattern", HEADLINES)
def test_each_pattern_is_said(pattern: Pattern) -> None:
    assert HEADLINES[pattern][0] in shown(pattern)


def test_inconclusive_says_why() -> None:
    text = shown("inconclusive")
    assert "Inconclusive" in text
    assert "! With one user, a request took 100 ms" in text
    assert "Works at a time" not in text
    assert "Canary none: Every candidate" in text


def test_an_open_end_is_at_least() -> None:
    assert "Works at a time at least 158" in shown(effective_parallelism=Estimate(low=158))


def test_a_target_moves_no_cursor() -> None:
    assert "\x1b" not in shown(headline="all fine\x1b[2J")


@pytest.mark.parametrize("why", Why.__args__)  # type: ignore[attr-defined]
def test_everything_that_a_sweep_does_has_words(why: Why) -> None:
    assert why in _DOING
    assert "{" not in doing(Activity(why, 40))


def test_what_it_is_doing_names_the_users() -> None:
    assert doing(Activity("refining", 40)) == "refining around 40 users"
    assert doing(Activity("bursts", 1)).startswith("1 request at one instant")


def test_a_sweep_of_writes_needs_a_yes(katydid: Katydid, target: Target) -> None:
    refused = katydid("run", f"{target.url}/ok", "--sweep", "1..4", "-X", "POST", "--no-save")
    assert refused.returncode == 2
    assert "add --yes to go on" in refused.stderr
    assert target.answered == {}
