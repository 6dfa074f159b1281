"""Server-sent events for the pages: HTML fragments and chart rows, rendered once and fanned out."""

from fastapi import FastAPI

from webui.streams import run, share
from webui.streams.run_feed import RunFeeds


def install(app: FastAPI) -> None:
    """Adds the streams of all pages to the application."""
    app.state.run_feeds = RunFeeds()
    app.include_router(run.router)
    app.include_router(share.router)
