"""The JSON interface: thin routes over the run manager and the store, described by the OpenAPI document."""

from fastapi import FastAPI

from webui.api import (
    checking,
    closer,
    compare,
    experiment_shares,
    experiments,
    exports,
    health,
    lab,
    metrics,
    openapi,
    plans,
    problems,
    runs,
    shares,
    stop,
)


def install(app: FastAPI) -> None:
    """Adds the routes, the error responses and the schemas to `app`."""
    problems.install(app)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(runs.router)
    app.include_router(stop.router)
    app.include_router(shares.router)
    app.include_router(closer.router)
    app.include_router(plans.router)
    app.include_router(checking.router)
    app.include_router(exports.router)
    app.include_router(compare.router)
    app.include_router(lab.router)
    app.include_router(experiments.router)
    app.include_router(experiment_shares.router)
    openapi.install(app)
