"""The HTML pages: thin routes, typed contexts, templates. No SQL, no engine."""

from fastapi import FastAPI

from webui.pages import (
    busy,
    closer,
    compare,
    dashboard,
    downloads,
    errors,
    experiments,
    history,
    lab,
    login,
    run,
    share,
    share_pictures,
)
from webui.pages.static import HashedFiles
from webui.resources import static_dir


def install(app: FastAPI) -> None:
    """Adds the pages, the static files and the error pages to `app`."""
    app.mount("/static", HashedFiles(directory=static_dir()), name="static")
    errors.install(app)
    for page in (
        busy,
        closer,
        compare,
        dashboard,
        experiments,
        history,
        lab,
        login,
        run,
        share,
        share_pictures,
        downloads,
    ):
        app.include_router(page.router)
