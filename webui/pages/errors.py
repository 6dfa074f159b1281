"""Error pages: one clear sentence and a way on. What is wrong is decided by the API's problem documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from webui.pages.templating import respond


class FieldProblem(Protocol):
    """One thing that is wrong with what was sent."""

    field: str
    message: str


class Problem(Protocol):
    """What went wrong, as `webui.api.problems` describes it."""

    title: str
    status: int
    detail: str
    errors: Sequence[FieldProblem]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error page shows. `path` is the address that was asked for."""

    status: int
    title: str
    detail: str
    path: str
    problems: Sequence[FieldProblem]


def install(app: FastAPI) -> None:
    """Makes errors outside the API pages instead of JSON."""
    app.state.error_page = error_page


async def error_page(request: Request, problem: Problem) -> HTMLResponse:
    """The page for a problem, with the problem's status."""
    page = ErrorPage(problem.status, problem.title, problem.detail, request.url.path, problem.errors)
    return respond("errors/error.html", page, status=problem.status)
