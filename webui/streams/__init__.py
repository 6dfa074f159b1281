"""Server-sent events for the pages: HTML fragments and chart rows, rendered once and fanned out."""

from fastapi import FastAPI

from webui.streams import dashboard, run, share
from webui.streams.run_feed import RunFeeds


def install(app: FastAPI) -> None:
    """Adds the streams of all pages to the application."""
    app.state.run_feeds = RunFeeds()
    for stream in (dashboard, run, share):
        app.include_router(stream.router)


def end_all(app: FastAPI) -> None:
    """Ends all viewers' streams in order, at once. For a server that is told to stop: it waits for its
    streams before the application hears of the end."""
    app.state.run_feeds.close()
    dashboard.close(app)
