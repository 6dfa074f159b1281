"""`katydid stop --all` against a real dashboard with several live tests."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.cli.test_serve_command import serving, started_run
from webui.cli import main
from webui.client import Katydid


def stop(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["stop", *arguments])
    return int(ended.value.code or 0)


def test_all_tests_end_within_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(tmp_path, "--max-running", "3") as (_, url, practice):
        ids = [started_run(url, f"{practice}/async") for _ in range(5)]
        with httpx.Client(base_url=f"{url}/api/v1") as client:
            while any(client.get(f"/runs/{run}").json()["totals"]["sent"] == 0 for run in ids[:3]):
                time.sleep(0.1)
            began = time.monotonic()
            assert stop("--all", "--server", url) == 0
            while client.get("/runs", params={"status": "live"}).json()["total"]:
                assert time.monotonic() - began < 1.0
                time.sleep(0.02)
            ended = [client.get(f"/runs/{run}").json() for run in ids]
        assert [run["status"] for run in ended] == ["stopped"] * 5
        assert [run["totals"]["sent"] > 0 for run in ended] == [True] * 3 + [False] * 2
        assert stop("--all", "--server", url) == 0
        assert "No test was running" in capsys.readouterr().out
        assert stop("r_unknown", "--server", url) == 2


def test_the_token_is_taken_from_the_environment_or_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text("operators-token-1\n")
    with serving(tmp_path, "--access-token-file", str(file)) as (_, url, _practice):
        assert stop("--all", "--server", url) == 2
        assert "send an access token" in " ".join(capsys.readouterr().err.split())
        monkeypatch.setenv("KATYDID_ACCESS_TOKEN_FILE", str(file))
        assert stop("--all", "--server", url) == 0
        monkeypatch.delenv("KATYDID_ACCESS_TOKEN_FILE")
        monkeypatch.setenv("KATYDID_ACCESS_TOKEN", "operators-token-1")
        assert stop("--all", "--server", url) == 0
        with Katydid(url) as client:
            assert list(client.runs()) == []


def test_what_to_stop_and_where_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert stop() == 2
    assert "--all" in capsys.readouterr().err
    assert stop("--all", "--server", "http://127.0.0.1:9") == 2
    assert "no dashboard answers at http://127.0.0.1:9" in capsys.readouterr().err
