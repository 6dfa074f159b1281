"""The practice targets as a FastAPI application, written as a team would write theirs."""

from collections.abc import Sequence

from fastapi import FastAPI

from webui.lab.registry import TARGETS, PracticeTarget


def create_lab_app(targets: Sequence[PracticeTarget] = TARGETS) -> FastAPI:
    """An application with a GET route for each target, and a list of them at `/`."""
    app = FastAPI(title="Katydid practice targets")

    @app.get("/")
    async def index() -> list[dict[str, str]]:
        return [{"name": each.name, "path": each.path, "teaches": each.teaches} for each in targets]

    for target in targets:
        app.get(target.path, name=target.name)(target.endpoint)
    return app
