"""Three processes forked after listening, as of old: each serves one connection, and closes it."""

from __future__ import annotations

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/work":
            time.sleep(0.040)
        self.send_response(200 if self.path in ("/work", "/ping") else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(HTTPServer):
    request_queue_size = 1024


server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
for _ in range(2):
    if os.fork() == 0:
        break
server.serve_forever()
