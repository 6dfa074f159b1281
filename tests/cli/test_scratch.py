"""The folder of a run that is not kept, also when its process was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from webui.cli.scratch import scratch_folder


def test_it_is_there_and_then_gone() -> None:
    with scratch_folder() as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_those_of_dead_processes_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    left, live, other = (
        tmp_path / f"katydid-run-{ended.pid}-abc",
        tmp_path / f"katydid-run-{os.getpid()}-abc",
        tmp_path / "katydid-run-mine",
    )
    for folder in (left, live, other):
        folder.mkdir()
        (folder / "katydid.db").touch()
    with scratch_folder():
        assert not left.exists()
        assert live.exists()
        assert other.exists()
