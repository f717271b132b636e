"""What a new reader's browser receives: `python -m benchmarks.wire [PAGE …]`.

Starts the app, opens each page in a browser that has nothing in its cache, and counts the bytes of
all answers as they come over the wire, and those of all messages before their compression.
"""

from __future__ import annotations

import argparse
import base64
import socket
import subprocess
import sys
import time
import urllib.request
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
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}/api/health")
        found = next((path for path in BROWSERS if Path(path).exists()), None)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            for page in asked:
                answers, messages = measure(browser, f"{address}/{page}")
                total = (answers + messages) / 1e6
                print(
                    f"{page or 'home':24} {answers / 1e6:5.2f} MB of answers, "
                    f"{messages / 1e6:5.2f} MB of messages, {total:5.2f} MB in all"
                )
    finally:
        server.terminate()
        server.wait()


def measure(browser: Browser, address: str) -> tuple[int, int]:
    """Bytes of answers on the wire, and of messages, until a page is drawn."""
    context = browser.new_context()
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    answers, messages = [0], [0]

    def received(event: dict[str, Any]) -> None:
        answers[0] += int(event["encodedDataLength"])

    def message(event: dict[str, Any]) -> None:
        said = event["response"]
        binary = said["opcode"] == 2
        messages[0] += len(base64.b64decode(said["payloadData"]) if binary else said["payloadData"])

    network.on("Network.loadingFinished", received)
    network.on("Network.webSocketFrameReceived", message)
    page.goto(address)
    page.wait_for_selector(IDLE, timeout=120_000)
    page.wait_for_timeout(3000)
    if not page.locator("h1").count():
        raise SystemExit(f"{address} shows no page")
    context.close()
    return answers[0], messages[0]


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
