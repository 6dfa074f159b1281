"""The terminal's heatmap: what fits beside each other, what fills in, and what the end says."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console, RenderableType

from webui.analysis.experiment import CellFigures
from webui.cli.exits import ExitCode
from webui.cli.heatmap import grids, lines, report
from webui.cli.one_experiment import exit_code
from webui.experiments import Definition, Experiment, Progress
from webui.experiments.model import Status


def experiment(users: tuple[int, ...] = (1, 16), status: Status = "finished") -> Experiment:
    """Two variants; the first is measured, the second as far as one user."""
    definition = Definition.model_validate(
        {
            "target": "threads",
            "users": users,
            "variants": [{"label": "1 worker", "workers": 1}, {"label": "\x1b[2Jbad", "workers": 2}],
        }
    )
    progress = Progress.of(definition)
    for cell in [*progress.row(0), progress.row(1)[0]]:
        figures = CellFigures(
            users=cell.users,
            throughput_rps=20.0 * cell.users,
            p95_ms=50.0,
            success_percent=97.0 if cell.users > 1 else 100.0,
            trustworthy=cell.users == 1,
        )
        progress = progress.with_cell(cell.model_copy(update={"status": "done", "figures": figures}))
    progress = progress.with_variant(
        0, pattern="fixed-slots", headline="It handles 40 at a time.", confidence="low", status="done"
    )
    progress = progress.with_variant(1, problem="it ended", status="failed").closed()
    return Experiment(
        "x_1", datetime(2026, 1, 1, tzinfo=UTC), status, definition, progress.compared(definition)
    )


def text(*parts: RenderableType, width: int = 80, terminal: bool = False) -> str:
    console = Console(width=width, force_terminal=terminal, color_system="truecolor" if terminal else None)
    with console.capture() as capture:
        console.print(*parts)
    return capture.get().replace("\u00a0", " ").replace("\u202f", " ")


def test_the_report_has_figures_doubt_words_and_problems() -> None:
    said = text(report(experiment(), 80))
    assert "threads: 1, 2 workers  3 of 4 cells" in said
    assert "! 320/s" in said
    assert "97.00% ok" in said
    assert "50.0 ms" in said
    assert "Each field: successes/s, p95, and" in said
    assert "not run" in said
    assert "! The load generator may have been the limit here." in said
    assert "no more throughput than 1 worker" in said
    assert "1 worker: It handles 40 at a time. (fixed slots, low confidence)" in said
    assert "it ended" in said
    assert "\x1b" not in said


def test_more_throughput_is_a_darker_field() -> None:
    said = text(*grids(experiment(), 80), terminal=True)
    assert "48;2;12;44;86" in said  # the most, 320/s
    assert "48;2;228;238;249" in said  # the least, 20/s


def test_the_usual_levels_stand_side_by_side_on_80_columns() -> None:
    (table, _) = grids(experiment((1, 4, 16, 64, 256)), 80)
    [header, *rows] = text(table).splitlines()
    assert header.split() == [
        "Variant",
        "1",
        "user",
        "4",
        "users",
        "16",
        "users",
        "64",
        "users",
        "256",
        "users",
    ]
    figures = next(line for line in rows if "5,120/s" in line)
    assert figures.split() == [
        "1",
        "worker",
        "20.0/s",
        "!",
        "80.0/s",
        "!",
        "320/s",
        "!",
        "1,280/s",
        "!",
        "5,120/s",
    ]


def test_rows_move_together_where_the_terminal_is_low() -> None:
    lines = [len(text(*grids(experiment(), 80, height)).splitlines()) for height in (24, 10)]
    assert lines[1] == lines[0] - 2


def test_levels_that_do_not_fit_stand_below() -> None:
    levels = tuple(2**power for power in range(12))
    tables = list(grids(experiment(levels), 80))[:-1]
    assert len(tables) == 2
    said = text(*tables)
    assert all(f" {level:,} " in f" {said} ".replace("\n", " ") for level in levels)
    assert max(len(line) for line in said.splitlines()) <= 80


def test_a_line_is_said_of_each_cell_and_problem() -> None:
    said = [line.replace("\u00a0", " ") for line in lines(experiment())]
    assert said[0] == "1 worker, 1 user: 20.0 successes/s  p95 50.0 ms  100% successes"
    assert said[2] == "1 worker: It handles 40 at a time. (fixed slots, low confidence)"
    assert said[-1].endswith("bad: it ended")


def test_exit_codes() -> None:
    assert exit_code(experiment()) is ExitCode.FAILED
    assert exit_code(experiment(status="interrupted")) is ExitCode.GENERATOR_FAILED
    nothing = experiment()
    empty = Experiment(
        "x", nothing.created_at, "finished", nothing.definition, Progress.of(nothing.definition)
    )
    assert exit_code(empty) is ExitCode.NOTHING_MEASURED
