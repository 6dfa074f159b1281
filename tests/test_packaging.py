"""The distribution: sdist -> wheel -> installed elsewhere -> served, with every file that a page names."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15

CONTENT_TYPES = {
    ".css": {"text/css"},
    ".js": {"text/javascript", "application/javascript"},
    ".mjs": {"text/javascript", "application/javascript"},
    ".svg": {"image/svg+xml"},
    ".png": {"image/png"},
    ".ico": {"image/x-icon", "image/vnd.microsoft.icon"},
    ".woff2": {"font/woff2"},
    ".json": {"application/json"},
    ".webmanifest": {"application/manifest+json"},
}


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command; its errors are in the failure message."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} exited with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the sdist, as an installer without our checkout would build it."""
    dist = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT, cwd=dist)
    [path] = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment with the wheel; a .pth file lends it our dependencies.

    Paths that a .pth file adds are not searched for further .pth files, so our own editable installation
    stays out of sight.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-index",
        "--no-deps",
        wheel,
        cwd=folder,
    )
    site = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    )
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(ours)) + "\n")
    return folder / "bin"


@pytest.fixture(scope="module")
def server(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `katydid serve`, started from the wheel's environment outside the checkout."""
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    log = home / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(environment / "katydid"), "serve", "--port", str(port)],
            cwd=home,
            env={**clean_environment(), "HOME": str(home), "KATYDID_DATA_DIR": str(home / "data")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_served(address, process, log)
        yield address
    finally:
        end(process)


def clean_environment() -> dict[str, str]:
    """Ours, without what would lead Python or Katydid back to the checkout."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "KATYDID_", "VIRTUAL_ENV"))}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def wait_until_served(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"katydid serve exited with {process.returncode}\n{log.read_text()}"
        try:
            httpx.get(f"{address}/healthz", timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"katydid serve did not answer within {START_TIMEOUT_S} s\n{log.read_text()}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class NamedFiles(HTMLParser):
    """Collects the addresses of the files that a page needs to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._in_importmap = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self._in_importmap = tag == "script" and values.get("type") == "importmap"
        attribute = {"link": "href", "script": "src", "img": "src", "use": "href", "source": "src"}.get(tag)
        if tag == "link" and values.get("rel") in {"canonical", "alternate", "next", "prev"}:
            return
        if attribute in values:
            self.found.add(values[attribute])

    def handle_endtag(self, tag: str) -> None:
        self._in_importmap = False

    def handle_data(self, data: str) -> None:
        if self._in_importmap:
            self.found.update(json.loads(data).get("imports", {}).values())


def files_named_by(url: str, content_type: str, text: str) -> set[str]:
    """Absolute addresses of the files that a page, style sheet or module names."""
    if content_type == "text/html":
        parser = NamedFiles()
        parser.feed(text)
        names = parser.found
    elif content_type == "text/css":
        names = set(re.findall(r"""url\(\s*["']?([^"')]+)""", text))
    elif content_type in CONTENT_TYPES[".js"]:
        names = set(re.findall(r"""\b(?:from|import)\s*\(?\s*["'](\.{0,2}/[^"']+)["']""", text))
    else:
        names = set()
    names = {name for name in names if not name.startswith(("data:", "#"))}
    return {urldefrag(urljoin(url, name)).url for name in names}


def test_the_wheel_carries_templates_front_end_and_licences(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in ("htmx.min.js", "hx-sse.min.js", "uPlot.iife.min.js", "uPlot.min.css", "uPlot.LICENSE.txt"):
        assert f"webui/static/vendor/{name}" in names
    in_checkout = {
        f"webui/{path.relative_to(ROOT)}"
        for folder in ("templates", "static")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "vendor" not in path.parts
    }
    assert in_checkout <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    strangers = {name.partition("/")[0] for name in names} - {"webui"}
    assert all(name.endswith(".dist-info") for name in strangers)


def test_every_module_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "webui").rglob("*.py")} <= names


def test_the_installed_package_is_the_wheels(environment: Path, tmp_path: Path) -> None:
    program = "import webui.resources as r; print(r.__file__, r.templates_dir(), r.static_dir(), sep='\\n')"
    lines = run(environment / "python", "-c", program, cwd=tmp_path).splitlines()
    assert all(Path(line).is_relative_to(environment.parent) for line in lines)


def test_the_pages_and_every_file_they_name_are_served(server: str) -> None:
    seen: set[str] = set()
    to_fetch = {f"{server}/", f"{server}/runs"}
    with httpx.Client(timeout=10) as client:
        while to_fetch:
            url = to_fetch.pop()
            seen.add(url)
            assert url.startswith(f"{server}/"), f"{url} is loaded from elsewhere"
            response = client.get(url)
            assert response.status_code == 200, url
            content_type = response.headers["content-type"].partition(";")[0]
            suffix = Path(urlsplit(url).path).suffix
            assert content_type in CONTENT_TYPES.get(suffix, {content_type}), url
            to_fetch |= files_named_by(url, content_type, response.text) - seen
    suffixes = {Path(urlsplit(url).path).suffix for url in seen}
    assert {".css", ".js"} <= suffixes, f"the page names no style sheet or script: {sorted(seen)}"
    assert any("htmx" in url for url in seen)


def test_files_named_by_finds_all_kinds() -> None:
    page = """<link rel=stylesheet href="/static/app.css?v=1"><link rel="canonical" href="/elsewhere">
        <script type="importmap">{"imports": {"chart": "/static/js/chart.js"}}</script>
        <script src="/static/vendor/htmx.min.js"></script><img src="a.png"><img src="data:image/png;base64,x">
        <svg><use href="/static/icons.svg#stop"></use><use href="#local"></use></svg>"""
    assert files_named_by("http://h/p/", "text/html", page) == {
        "http://h/static/app.css?v=1",
        "http://h/static/js/chart.js",
        "http://h/static/vendor/htmx.min.js",
        "http://h/p/a.png",
        "http://h/static/icons.svg",
    }
    style = "@import url('base.css'); i { background: url(x.svg#a) } b { background: url(data:image/svg,y) }"
    assert files_named_by("http://h/s/a.css", "text/css", style) == {
        "http://h/s/base.css",
        "http://h/s/x.svg",
    }
    module = "import { a } from './a.js'\nimport \"../b.js\"\nconst c = await import('/c.js')"
    assert files_named_by("http://h/j/m.js", "text/javascript", module) == {
        "http://h/j/a.js",
        "http://h/b.js",
        "http://h/c.js",
    }
