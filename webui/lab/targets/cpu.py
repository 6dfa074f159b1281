"""A service that computes: plain `def`, so in threads, but one thread at a time holds Python's lock."""

import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/report")
def report() -> dict[str, int]:
    total = 0
    end = time.thread_time() + 0.004  # this thread's own CPU time, so 4 ms on any machine
    while time.thread_time() < end:
        total += sum(number * number for number in range(200))
    return {"total": total}


@app.get("/ping")
async def ping() -> str:
    return "pong"
