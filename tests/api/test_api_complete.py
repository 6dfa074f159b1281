"""The table in docs/api.md: whatever a page can do, the API can."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

from fastapi.routing import APIRoute

from webui import pages
from webui.app import create_app
from webui.settings import Settings

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
_, _, REST = GUIDE.partition("## What pages do, by the API\n")
ROWS = re.findall(r"^\| (`.*?) \| .*? \| (.*) \|$", REST.partition("\n## ")[0], re.MULTILINE)
OPERATION = re.compile(r"`((?:GET|POST|PATCH|DELETE) /[^`\s]*)`")


def of_pages() -> set[str]:
    """Everything that pages answer."""
    modules = [
        importlib.import_module(f"webui.pages.{each.name}") for each in pkgutil.iter_modules(pages.__path__)
    ]
    routers = [module.router for module in modules if hasattr(module, "router")]
    return {
        f"{method} {route.path}"
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }


def test_every_change_that_a_page_makes_is_in_the_table() -> None:
    told = {each for page, _ in ROWS for each in OPERATION.findall(page)}
    changes = {each for each in of_pages() if not each.startswith("GET ")}
    assert len(changes) > 20
    assert changes - told == set()
    assert told - of_pages() == set()


def test_every_address_in_the_table_is_in_the_api() -> None:
    document = create_app(Settings(practice_target=False)).openapi()
    known = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    told = {each for _, api in ROWS for each in OPERATION.findall(api)}
    assert len(told) > 15
    assert told - known == set()
    assert {page for page, api in ROWS if not OPERATION.search(api)} == {
        "`POST /runs/request`, `POST /runs/stage`, `POST /runs/checks/{key}`",
        "`POST /login`, `POST /logout`",
    }
