"""The server without a browser: what its one file knows, what it serves, how it starts and ends."""

import ast
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The app as its users start it: its address, and its process."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.headless", "true", "--server.port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "DIFFUSION_RUNS": str(folder / "runs")},
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(f"http://127.0.0.1:{port}"):
            assert process.poll() is None, (folder / "log").read_text("utf-8")
            assert time.monotonic() < deadline, (folder / "log").read_text("utf-8")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait(10)


def answers(address: str) -> bool:
    with contextlib.suppress(OSError):
        return get(f"{address}/api/health")[0] == 200
    return False


def get(address: str) -> tuple[int, Message, bytes]:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def imported(file: Path) -> set[str]:
    """Every module that a file imports, `from a import b` as a.b."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_server_knows_nothing_of_ours_but_the_engine() -> None:
    ours = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    known = {name for name in imported(ROOT / "streamlit_app.py") if name.split(".")[0] in ours}
    assert known == {"pages._engine"}


def test_health_counts_what_the_engine_does(server: tuple[str, object]) -> None:
    status, headers, body = get(f"{server[0]}/api/health")
    assert status == 200
    assert headers.get_content_type() == "application/json"
    counts = json.loads(body)
    assert counts["workers"] >= 1
    assert counts["running"] == counts["waiting"] == 0


def test_the_chart_library_comes_from_the_server_and_may_be_kept(
    server: tuple[str, object],
) -> None:
    status, headers, body = get(f"{server[0]}/assets/plotly.min.js?v=1")
    assert status == 200
    assert headers.get_content_type() == "text/javascript"
    assert "immutable" in headers["Cache-Control"]
    assert b"plotly.js v" in body[:200]


@pytest.mark.parametrize(
    "path", ["assets/../streamlit_app.py", "assets/%2e%2e/streamlit_app.py", "assets/x.js"]
)
def test_nothing_else_of_the_server_s_files_is_served(
    path: str, server: tuple[str, object]
) -> None:
    _, _, body = get(f"{server[0]}/{path}")
    assert b"lifespan" not in body


def test_the_server_ends_when_it_is_told_to(
    server: tuple[str, subprocess.Popen[bytes]],
) -> None:
    _, process = server
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) in (0, -signal.SIGTERM)


def test_a_mistake_of_ours_is_told_in_one_sentence_and_written_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def page() -> None:
        from streamlit_app import show_mistake

        assert show_mistake(KeyError("a secret"))

    with caplog.at_level(logging.ERROR, "streamlit_app"):
        test = AppTest.from_function(page, default_timeout=60).run()
    assert not test.exception
    [said] = [error.value for error in test.error]
    assert "secret" not in said
    [record] = [record for record in caplog.records if record.name == "streamlit_app"]
    assert str(record.args[0] if isinstance(record.args, tuple) else "-") in said
    assert record.exc_info is not None
