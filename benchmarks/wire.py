"""What a new reader's browser receives: `python -m benchmarks.wire [PAGE …]`.

Starts the app, opens each page in a browser that has nothing in its cache, and counts the bytes
that come over the wire: all of them, as a relay between the two sees them, and those of messages.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = ("", "sampling", "train_ddpm")
BROWSERS: Final = ("/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/microsoft-edge")
IDLE: Final = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def main() -> None:
    """Print a row a page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("pages", nargs="*", default=PAGES, help="names of pages; '' is home")
    asked = parser.parse_args().pages
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", "streamlit_app.py"),
            *("--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/api/health")
        relay = Relay(port)
        found = next((path for path in BROWSERS if Path(path).exists()), None)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            for page in asked:
                answers, messages = measure(browser, relay, page)
                total = (answers + messages) / 1e6
                print(
                    f"{page or 'home':24} {answers / 1e6:5.2f} MB of answers, "
                    f"{messages / 1e6:5.2f} MB of messages, {total:5.2f} MB in all"
                )
    finally:
        server.terminate()
        server.wait()


def measure(browser: Browser, relay: Relay, page_name: str) -> tuple[int, int]:
    """Bytes on the wire until a page is drawn: of answers, and of messages as compressed."""
    context = browser.new_context()
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    answers, before = [0], relay.bytes

    def received(event: dict[str, Any]) -> None:
        answers[0] += int(event["encodedDataLength"])

    network.on("Network.loadingFinished", received)
    page.goto(f"http://127.0.0.1:{relay.port}/{page_name}")
    page.wait_for_selector(IDLE, timeout=120_000)
    while (so_far := relay.bytes) != before:  # until nothing more comes for a while
        page.wait_for_timeout(3000)
        if relay.bytes == so_far:
            break
    if not page.locator("h1").count():
        raise SystemExit(f"{page_name or 'home'} shows no page")
    context.close()
    return answers[0], relay.bytes - before - answers[0]


class Relay:
    """A port that passes everything on to another one, and counts what comes back."""

    def __init__(self, to_port: int) -> None:
        self.bytes = 0
        self._lock = threading.Lock()
        self.to_port = to_port
        relay = self

        class Passing(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(("127.0.0.1", relay.to_port)) as server:
                    asking = (self.request, server, lambda _: None)
                    threading.Thread(target=_pass_on, args=asking, daemon=True).start()
                    _pass_on(server, self.request, relay.count)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def count(self, more: int) -> None:
        """Note what was passed on to the browser; several connections do at once."""
        with self._lock:
            self.bytes += more


def _pass_on(source: socket.socket, to: socket.socket, count: Callable[[int], None]) -> None:
    with contextlib.suppress(OSError):  # either side may leave at any time
        while content := source.recv(65536):
            to.sendall(content)
            count(len(content))
        to.shutdown(socket.SHUT_WR)


def _wait(address: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the app did not start")


if __name__ == "__main__":
    main()
