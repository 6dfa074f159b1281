"""`katydid compare`: what it prints and how it exits."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.analysis.made_runs import made_run
from tests.runs.stored_runs import stored_run
from webui.cli import _exit_code
from webui.store import Store


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with a base, a run of the same service, a slower one and one that is too short; no test
    writes to it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('compared')}/katydid.db"

    async def fill() -> None:
        store = await Store.open(url)
        await stored_run(store, "base")
        await stored_run(store, "same", seed=9)
        await stored_run(store, "slow", each=150, ms=27, seed=2)
        await stored_run(store, "short", seconds=4)
        await store.close()

    asyncio.run(fill())
    return url


def run(database: str, *arguments: str) -> int:
    return _exit_code(["compare", *arguments, "--database-url", database])


def test_a_regression_fails_and_is_named(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(database, "r_base", "r_slow") == 1
    out = capsys.readouterr().out
    assert "B is 2" in out
    assert "% slower than A." in out
    assert "Regression in B: p95 +" in out
    assert run(database, "r_base", "r_slow", "--tolerance", "60%") == 0
    assert "Regression" not in capsys.readouterr().out


def test_no_clear_difference_passes(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(database, "r_ba", "r_same") == 0  # the beginning of an id will do
    assert "no clear difference" in capsys.readouterr().out


def test_json_is_the_apis_document(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(database, "r_base", "r_slow", "--json") == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["schema"] == "katydid.comparison/1"
    assert "Regression in B" in captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["r_base"], "two runs or more"),
        (["r_base", "r_base"], "cannot be compared with itself"),
        (["r_base", "r_gone"], "There is no run 'r_gone'"),
        (["r_base", "r_s"], "begins several ids"),
        (["r_base", "nowhere.json"], "cannot be read"),
        (["r_base", "r_slow", "--tolerance", "much"], "--tolerance: write a number"),
        (["r_base", "r_slow", "--success-tolerance", "-1"], "--success-tolerance: write a number"),
    ],
)
def test_wrong_usage(
    database: str, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(database, *arguments) == 2
    assert words in capsys.readouterr().err


def test_runs_that_cannot_be_compared_do_not_pass(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(database, "r_base", "r_short") == 2
    assert "it has 4 intervals" in capsys.readouterr().out


def test_a_result_file_can_be_compared(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "slow.json"
    file.write_text(made_run("file", each=150, ms=27, seed=2).document.model_dump_json())
    assert run(database, "r_base", str(file)) == 1
    assert "Regression in B: Throughput" in capsys.readouterr().out
    file.write_text('{"schema": "something else"}')
    assert run(database, "r_base", str(file)) == 2
    assert "no result document" in capsys.readouterr().err
