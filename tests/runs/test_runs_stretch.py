"""A stretch of a run: how long load was offered in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.exports.samples import run
from webui.runs.changes import RunChange
from webui.runs.model import RunView
from webui.runs.stretch import read_stretch


def stopped() -> RunView:
    """Planned for a minute and stopped after 2.5 s; in the rest of its third second requests finished."""
    return replace(
        run("stopped", load={"shape": "constant-users", "users": 5, "duration_s": 60}, thresholds=[]),
        load_s=2.5,
    )


def test_the_whole_of_a_run_has_the_runs_own_figures() -> None:
    view = stopped()
    document, whole = view.result(), read_stretch(view, 0, 100)
    assert whole.load_s == 2.5
    assert whole.totals == document.totals
    assert whole.endpoints == document.endpoints


def test_side_by_side_stretches_share_the_time_of_load() -> None:
    parts = [read_stretch(stopped(), at, at + 1).load_s for at in range(3)]
    assert parts == [1, 1, 0.5]


def test_a_pause_is_no_load() -> None:
    changes = [RunChange(1, "pause", None, 0.5, True), RunChange(2, "resume", None, 1.25, True)]
    view = replace(stopped(), changes=changes, paused_s=0.75, load_s=1.75)
    parts = [read_stretch(view, at, at + 1).load_s for at in range(3)]
    assert parts == pytest.approx([0.5, 0.75, 0.5])
