"""Every flag, setting, exit code and practice target is in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from webui.cli import app
from webui.cli.configuration import variable_of
from webui.cli.exits import ExitCode
from webui.lab.registry import TARGETS, PracticeTarget
from webui.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "cli.md").read_text(encoding="utf-8")
LAB_GUIDE = (DOCS / "lab.md").read_text(encoding="utf-8")


def flags() -> list[tuple[str, str]]:
    """(section of the guide, flag) for every flag of every command."""
    found = []
    pending = [("katydid", typer.main.get_command(app))]
    while pending:
        name, command = pending.pop()
        children = getattr(command, "commands", {})
        pending += [(f"{name} {child}", each) for child, each in children.items()]
        for parameter in command.params:
            names = [*parameter.opts, *parameter.secondary_opts]
            found += [(name, flag) for flag in names if flag.startswith("-")]
    return found


def section(name: str) -> str:
    """The guide's text on one command."""
    _, found, rest = GUIDE.partition(f"\n## {name}\n")
    return rest.partition("\n## ")[0] if found else GUIDE


def test_the_commands_are_found() -> None:
    assert ("katydid run", "--users") in flags()
    assert ("katydid db upgrade", "--database-url") in flags()


@pytest.mark.parametrize(("command", "flag"), flags())
def test_a_flag_is_in_the_guide(command: str, flag: str) -> None:
    assert (
        any(f"`{flag}{after}" in section(command) for after in ("`", " ")) or f"## {command} {flag}" in GUIDE
    )


@pytest.mark.parametrize("field", list(Settings.model_fields))
def test_a_setting_is_in_the_guide(field: str) -> None:
    assert f"`{variable_of(field)}`" in GUIDE


@pytest.mark.parametrize("code", list(ExitCode))
def test_an_exit_code_is_in_the_guide_and_the_help(code: ExitCode) -> None:
    assert f"\n| {code.value} | " in GUIDE
    help_text = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    assert f" {code.value} " in help_text


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_practice_target_is_in_the_guide(target: PracticeTarget) -> None:
    assert f"| `{target.name}` | `{target.path}` | {target.teaches} |" in LAB_GUIDE
    expected = (
        f"| `{target.name}` | {target.expects.pattern} | {target.expects.sentence.partition(': ')[2]} |"
    )
    assert expected in LAB_GUIDE
    for option in target.options:
        bounds = f"{option.low} to {option.high} | {option.default} |"
        assert f"| `{target.name}` | `{option.name}` | {option.meaning} | {bounds}" in LAB_GUIDE
