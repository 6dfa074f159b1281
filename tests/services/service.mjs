// A service on Node's http: /work lets 12 calls run at a time and queues the rest, /busy computes for 3 ms.
import http from "node:http";

const waiting = [];
let inside = 0;

function enter(job) {
  if (inside >= 12) {
    waiting.push(job);
    return;
  }
  inside += 1;
  setTimeout(() => {
    inside -= 1;
    job();
    if (waiting.length) enter(waiting.shift());
  }, 30);
}

const server = http.createServer((request, response) => {
  if (request.url === "/work") {
    enter(() => response.end("done"));
  } else if (request.url === "/busy") {
    const end = performance.now() + 3;
    while (performance.now() < end);
    response.end("done");
  } else {
    response.statusCode = request.url === "/ping" ? 200 : 404;
    response.end("pong");
  }
});
server.listen(Number(process.argv[2]), "127.0.0.1", 2048);
