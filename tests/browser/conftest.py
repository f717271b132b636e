"""A real server and a real browser, one of each for all tests in this folder."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import noted
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from lessons.training import runs
from lessons.training.runs import processes

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PATIENCE = 60.0
"""Seconds that a test waits for what should take one; only a broken app uses them up."""

expect.set_options(timeout=1000 * PATIENCE)


def find_chromium() -> str | None:
    """The path of a Chromium or one of its kin, from the system or from playwright."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    for name in (*names, "microsoft-edge", "msedge"):
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


CHROMIUM = find_chromium()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, skip them where there is no browser, and run them last.

    Last, because playwright keeps an event loop running in the main thread until all tests end.
    """
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="there is no Chromium, Chrome or Edge here"))
    items.sort(key=lambda item: item in ours)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the browser that was found; it has nothing to say to anybody but our server."""
    quiet = ("background-networking", "component-update", "sync", "gpu", "default-apps")
    return {
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", *(f"--disable-{name}" for name in quiet)],
    }


class Server:
    """The app as its users start it, or a test's own, on a port and a folder of runs of its own."""

    def __init__(
        self, folder: Path, script: str = "streamlit_app.py", health: str = "/api/health"
    ) -> None:
        self.script = script
        self.health = health
        self.runs = folder / "runs"
        self.log = folder / "server.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes work."""
        slim = {"OMP_NUM_THREADS": "1", "DIFFUSION_TRAINING_SLOTS": "2"}
        words = ["streamlit", "run", self.script, "--server.headless", "true"]
        words += ["--server.port", str(self.port), "--server.address", "127.0.0.1"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env={
                    **os.environ,
                    **slim,
                    **noted.environment(self.log.parent),
                    "DIFFUSION_RUNS": str(self.runs),
                },
                stdout=log,
                stderr=log,
            )
        wait_until(self._takes_work, "the server's start")

    def stop(self) -> None:
        """End it as a shell does, and see that it ends."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process = None

    def _takes_work(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text("utf-8")
        address = f"{self.url}{self.health}"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            content = answer.read()
            return content == b"ok" or bool(json.loads(content)["workers"])
        return False


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until it is so; for what happens outside the browser."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE:.0f} s"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kill_worker(folder: Path) -> None:
    """End the worker of a run without a word."""
    with contextlib.suppress(OSError, KeyError, ValueError, psutil.Error):
        worker = json.loads((folder / "worker.json").read_text())
        process = psutil.Process(worker["pid"])
        if "lessons.training.runs.worker" in process.cmdline():
            process.send_signal(signal.SIGKILL)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(10)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of all browser tests."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.runs.mkdir()
    try:
        server.start()
        yield server
        assert noted.lookups(server.log.parent) == []
    finally:
        if server.process is not None:
            server.process.kill()
            server.process.wait(10)
        for folder in server.runs.iterdir():
            kill_worker(folder)


@pytest.fixture(scope="session")
def drawing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of two small pages on which a mask can be drawn."""
    folder = tmp_path_factory.mktemp("drawing")
    server = Server(folder, script="tests/browser/drawing_pages.py", health="/_stcore/health")
    try:
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.process.kill()
            server.process.wait(10)


@pytest.fixture(autouse=True)
def server_runs(server: Server, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's folder of runs, which this process looks at too."""
    assert runs_folder != server.runs
    monkeypatch.setenv("DIFFUSION_RUNS", str(server.runs))
    return server.runs


@pytest.fixture(scope="session")
def finished_run(server: Server) -> str:
    """The name of a finished denoiser with three epochs, trained once for all."""
    short = {"num_hiddens": 8, "images_per_epoch": 1000, "epochs": 3, "precision": "float32"}
    settings, _ = runs.nearest_settings("denoiser", short)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFUSION_RUNS", str(server.runs))
        patch.setenv("OMP_NUM_THREADS", "1")
        run_id = runs.start("denoiser", settings)
        wait_until(lambda: runs.view(run_id).state == "finished", "the run's end")
        for child in processes._children:
            child.wait(PATIENCE)
    return run_id


class Reader:
    """Somebody at a browser, and what the browser has to complain about."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.context = context
        self.server = server
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self._console(message.type, message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))

    def _console(self, kind: str, message: Any) -> None:
        # A browser on a deep link looks for the server one level down first; that one is harmless.
        probe = message.location.get("url", "").endswith(("_stcore/health", "_stcore/host-config"))
        if kind == "error" and not (probe and "404" in message.text):
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def open(self, path: str = "") -> Page:
        """Open a page and wait until it stands."""
        self.page.goto(f"{self.server.url}/{path}")
        self.wait()
        return self.page

    def go(self, name: str) -> None:
        """Go to another page by the navigation."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        expect(self.page).to_have_title(re.compile(re.escape(name)))
        self.wait()

    def wait(self) -> None:
        """Wait until the page is connected and nothing on it runs."""
        quiet = '[data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
        expect(self.page.locator(f'[data-testid="stApp"]{quiet}')).to_be_visible()

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def strangers(self) -> set[str]:
        """Addresses outside this server that the page has asked for anything."""
        ours = urlsplit(self.server.url).netloc
        inside = ("data", "blob", "about")
        asked = [urlsplit(url) for url in self.requests]
        return {url.geturl() for url in asked if url.scheme not in inside and url.netloc != ours}


@pytest.fixture
def new_reader(browser: Browser, server: Server) -> Iterator[Callable[..., Reader]]:
    """Make readers, each with a browser context of its own; they leave when the test ends."""
    contexts = []

    def make(at: Server = server, **options: Any) -> Reader:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(1000 * PATIENCE)
        contexts.append(context)
        return Reader(context, at)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def reader(new_reader: Callable[..., Reader]) -> Reader:
    """One reader at a laptop."""
    return new_reader()
