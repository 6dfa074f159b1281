"""Imports go down only: reads every import in webui/ and holds it against the table below."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Layer -> the layers that it may import. A layer is a package or a module directly in webui/.
LEAVES = frozenset({"errors", "units", "resources"})  # any layer may import these, and webui itself
PURE = frozenset({"plan", "metrics", "sweep", "analysis"})
BELOW_PAGES = PURE | frozenset(
    "web experiments observability runs store security exports imports lab settings".split()
)
EVERYTHING = BELOW_PAGES | {"engine", "fleet", "locustfile", "api", "pages", "streams"}
ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "units": frozenset(),
    "resources": frozenset(),
    "settings": frozenset(),
    # pure: which of plan and metrics imports the other is theirs to choose, but not both
    "plan": frozenset({"metrics"}),
    "metrics": frozenset({"plan"}),
    "sweep": frozenset({"plan", "metrics"}),  # which act of a sweep comes next
    "analysis": frozenset({"plan", "metrics", "sweep"}),
    "engine": frozenset({"plan", "metrics", "sweep", "security"}),  # its target policy and what samples hide
    "locustfile": frozenset({"engine", "plan", "metrics"}),
    "fleet": frozenset({"engine", "locustfile", "plan", "metrics", "settings"}),
    "store": PURE | {"settings"},
    "security": frozenset({"plan", "settings"}),
    "imports": frozenset({"plan"}),
    "lab": frozenset({"settings"}),
    "exports": PURE | {"runs", "store", "security"},  # a run as files, and back into the store
    "runs": PURE | {"fleet", "store", "security", "settings"},
    "observability": PURE | {"runs", "store", "security", "settings"},  # labels hide secrets
    "experiments": PURE | {"runs", "store", "security", "lab", "settings"},
    # what a router needs from the running application; then the routers: no engine, no fleet
    "web": frozenset({"experiments", "observability", "runs", "store", "lab", "security", "settings"}),
    "api": BELOW_PAGES,
    "pages": BELOW_PAGES,
    "streams": BELOW_PAGES | {"pages"},
    "client": PURE | {"api"},  # speaks to a dashboard as any program does; the API's answers are its types
    # these wire everything
    "app": EVERYTHING,
    "cli": EVERYTHING | {"app"},
    "__main__": EVERYTHING | {"app", "cli"},
}

IMPURE = frozenset(
    "aiosqlite alembic anyio asyncio asyncpg dask distributed fastapi httpx multiprocessing requests "
    "sched selectors socket sqlalchemy sse_starlette ssl starlette subprocess threading uvicorn uvloop "
    "urllib3".split()
)
DATABASE = frozenset({"sqlalchemy", "alembic", "aiosqlite", "asyncpg"})


@dataclass(frozen=True)
class Import:
    """One import statement's module: `layer` of webui imports dotted `name` at file:line."""

    layer: str
    name: str
    where: str

    @property
    def target(self) -> str | None:
        """The layer of webui that is imported; None for webui itself and for other distributions."""
        top, _, rest = self.name.partition(".")
        return rest.partition(".")[0] or None if top == "webui" else None


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Every import anywhere in the source of a dotted module, also inside functions and TYPE_CHECKING."""
    layer = module.split(".")[1] if "." in module else ""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = imported_from(node, package)
        else:
            continue
        for name in names:
            yield Import(layer, name, f"{module}:{node.lineno}")


def imported_from(node: ast.ImportFrom, package: str) -> list[str]:
    """Dotted names of `from base import names`; relative ones are resolved against the package."""
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, base] if base else above)
    # `from webui import plan` names a layer in its list.
    return [f"{base}.{alias.name}" for alias in node.names] if base == "webui" else [base]


def violations(found: list[Import]) -> list[str]:
    """One line for each import that the table forbids, and one for a cycle between layers."""
    return [
        *(f"{i.where} imports {i.name}: {reason}" for i in found if (reason := why_not(i)) is not None),
        *cycle(found),
    ]


def why_not(i: Import) -> str | None:
    top = i.name.partition(".")[0]
    if i.layer and i.layer not in ALLOWED:
        return f"{i.layer} is not in the table of layers"
    if i.layer in PURE and top in IMPURE:
        return f"{i.layer} is pure"
    if i.layer != "store" and top in DATABASE and not i.where.startswith("webui.lab.targets."):
        return "only store speaks to the database"
    if i.target is None or i.target == i.layer or i.target in LEAVES or i.target.startswith("__"):
        return None
    if i.target not in ALLOWED.get(i.layer, frozenset()):
        return f"{i.layer or 'webui/__init__.py'} may not import {i.target}"
    return None


def cycle(found: list[Import]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for i in found:
        if i.target is not None and i.target != i.layer:
            graph.setdefault(i.layer, set()).add(i.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"layers import each other: {' -> '.join(reversed(error.args[1]))}"]
    return []


def imports_of_webui() -> list[Import]:
    found: list[Import] = []
    for path in sorted((ROOT / "webui").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        found += imports_of(path.read_text(), module, is_package=is_package)
    return found


def test_imports_go_down() -> None:
    assert violations(imports_of_webui()) == []


def test_the_checker_sees_this_checkout() -> None:
    """Guards against a checker that passes because it reads nothing."""
    assert any(i.target == "errors" or i.name in sys.stdlib_module_names for i in imports_of_webui())


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("webui.plan.model", "import asyncio", "plan is pure"),
        ("webui.metrics.codec", "from sqlalchemy.orm import Session", "metrics is pure"),
        ("webui.analysis.usl", "def f():\n    import socket", "analysis is pure"),
        ("webui.plan.model", "from webui.settings import Settings", "plan may not import settings"),
        ("webui.engine.worker", "from webui.analysis import audit", "engine may not import analysis"),
        ("webui.engine.worker", "from ..fleet import local", "engine may not import fleet"),
        ("webui.store.repository", "from webui.runs.manager import Manager", "store may not import runs"),
        ("webui.runs.manager", "from webui.engine.worker import run", "runs may not import engine"),
        ("webui.api.runs", "from webui import engine", "api may not import engine"),
        ("webui.pages.run", "import webui.fleet.local", "pages may not import fleet"),
        (
            "webui.streams.run",
            "if X:\n    from ..engine import y",
            "streams may not import engine",
        ),
        ("webui.api.runs", "from sqlalchemy import select", "only store speaks to the database"),
        ("webui.app", "from webui.cli import main", "app may not import cli"),
        ("webui.unheard_of", "import json", "unheard_of is not in the table"),
    ],
)
def test_a_forbidden_import_is_found(module: str, source: str, reason: str) -> None:
    found = violations(list(imports_of(source, module)))
    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("webui.plan.model", "from ..units import duration\nfrom . import load\nimport math"),
        (
            "webui.engine.worker",
            "import asyncio\nfrom webui.plan import model\nfrom webui import errors",
        ),
        (
            "webui.store.repository",
            "from sqlalchemy import select\nfrom webui.metrics import snapshot",
        ),
        ("webui.pages.run", "from webui.runs import manager\nfrom webui import __version__"),
        ("webui.cli.serve", "from webui.app import create_app\nfrom webui.engine import worker"),
    ],
)
def test_an_allowed_import_passes(module: str, source: str) -> None:
    assert violations(list(imports_of(source, module))) == []


def test_a_relative_import_in_a_package_file_is_resolved() -> None:
    [found] = imports_of("from ..fleet import local", "webui.engine", is_package=True)
    assert (found.layer, found.target) == ("engine", "fleet")


def test_a_cycle_between_layers_is_found() -> None:
    found = [
        *imports_of("from webui.metrics import thresholds", "webui.plan.model"),
        *imports_of("from webui.plan import model", "webui.metrics.thresholds"),
    ]
    [line] = violations(found)
    assert line.startswith("layers import each other: ")
