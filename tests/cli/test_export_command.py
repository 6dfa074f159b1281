"""`katydid run` writes every file, `katydid export` the same bytes again, `katydid import` takes them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Katydid, Target
from webui.exports import CSV, FORMATS

FILES = ("json", "html", "junit", "hlog", "markdown", "k6")


@pytest.fixture(scope="module")
def files(katydid_here: Katydid, target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run's files; `id` has the run's id."""
    folder = tmp_path_factory.mktemp("files")
    named = [argument for name in FILES for argument in (f"--{name}", str(folder / name))]
    done = katydid_here(
        "run", f"{target.url}/ok", "-u", "3", "--iterations", "60", "--threshold", "p95<10s",
        "--check", "status == 200", "--csv", str(folder / "csv"), *named, "--name", "Kept", "-q",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "id").write_text(json.loads((folder / "json").read_text())["id"])
    return folder


def test_export_gives_the_same_bytes_as_run(files: Path, katydid_here: Katydid, tmp_path: Path) -> None:
    run_id = (files / "id").read_text()
    assert sorted(path.name for path in (files / "csv").iterdir()) == sorted(CSV)
    for name in ("html", "hlog", "stats.csv"):  # a process each: the API's tests have all of them
        done = katydid_here("export", run_id, name, "-o", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        written = files / ("csv" if name in CSV else "") / name
        assert (tmp_path / name).read_bytes() == written.read_bytes()
    to_stdout = katydid_here("export", run_id, "json")
    assert to_stdout.stdout == (files / "json").read_text()
    done = katydid_here("export", run_id, "csv", "-o", str(tmp_path / "csv"))
    assert done.returncode == 0, done.stderr
    for name in CSV:
        assert (tmp_path / "csv" / name).read_bytes() == (files / "csv" / name).read_bytes()


def test_an_imported_run_is_the_same(files: Path, katydid_here: Katydid, tmp_path: Path) -> None:
    elsewhere = ("--data-dir", str(tmp_path))
    done = katydid_here("import", str(files / "json"), *elsewhere)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Imported Kept: katydid serve shows it as /runs/r_")
    again = katydid_here("export", (files / "id").read_text(), "json", *elsewhere)
    assert again.stdout == (files / "json").read_text()
    twice = katydid_here("import", str(files / "json"), *elsewhere)
    assert twice.returncode == 2
    assert "is there already; nothing was changed" in twice.stderr


def test_a_changed_file_is_refused(files: Path, katydid_here: Katydid, tmp_path: Path) -> None:
    text = (files / "json").read_text()
    (tmp_path / "changed.json").write_text(text.replace('"successes": 60', '"successes": 61', 1))
    done = katydid_here("import", str(tmp_path / "changed.json"), "--data-dir", str(tmp_path))
    assert done.returncode == 2
    assert "its checksum does not fit" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "r_none", "json"], "There is no run r_none"),
        (["export", "r_none", "pdf"], f"there are {', '.join(FORMATS)}"),
        (["export", "r_none", "csv"], "--output: name a folder for the CSV files"),
        (["import", "/nonexistent.json"], "FILE: '/nonexistent.json' cannot be read"),
        (["run", "http://127.0.0.1:9", "--html", "-", "--json", "-"], "taken by"),
        (["run", "http://127.0.0.1:9", "--csv", "/dev/null"], "--csv: '/dev/null' is a file"),
        (["run", "http://127.0.0.1:9", "--junit", "/nonexistent/x"], "--junit: there is no folder"),
    ],
)
def test_mistakes_are_named(katydid_here: Katydid, arguments: list[str], words: str) -> None:
    done = katydid_here(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_said_and_keeps_no_other_file_from_being_written(
    katydid_here: Katydid, target: Target, tmp_path: Path
) -> None:
    done: subprocess.CompletedProcess[str] = katydid_here(
        "run", f"{target.url}/ok", "--iterations", "5", "-q", "--no-save", "--threshold", "max<1ms",
        "--json", "/dev/full", "--hlog", str(tmp_path / "log"),
    )  # fmt: skip
    assert done.returncode == 2
    assert "--json: '/dev/full' was not written: no space left on device" in done.stderr
    assert "5 sent" in done.stdout.replace("\u00a0", " ")
    assert (tmp_path / "log").read_text().startswith("#[Katydid run")
