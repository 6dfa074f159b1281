"""A busy service with a short `uvicorn --backlog`: who finds the line full connects a second later.

While the event loop is blocked nobody accepts connections. The kernel keeps as many as the backlog allows and
drops the rest without a word; their clients try again after 1 s, 3 s and 7 s.
"""

import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/convert")
async def convert() -> dict[str, int]:
    time.sleep(0.010)  # an image library, called where it blocks the event loop
    return {"blocked_ms": 10}


@app.get("/ping")
async def ping() -> str:
    return "pong"
