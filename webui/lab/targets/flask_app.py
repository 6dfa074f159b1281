"""A Flask service. What it can do at a time is up to gunicorn: processes, or threads in them."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/items")
def items() -> dict[str, int]:
    time.sleep(0.050)  # stands for a query
    return {"slept_ms": 50}


@app.get("/ping")
def ping() -> str:
    return "pong"
