"""The server without a browser: what its one file knows, what it serves, how it starts and ends."""

import ast
import contextlib
import gzip
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import noted
import pytest
from fontTools.ttLib import TTFont
from plotly.offline import get_plotlyjs_version
from streamlit.testing.v1 import AppTest

from pages._ui.assets.fonts.__main__ import ICONS, STATIC, ligatures, wanted
from streamlit_app import ASSETS, SMALL_FONTS

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    """The app as its users start it."""

    process: subprocess.Popen[bytes]
    folder: Path
    address: str


@pytest.fixture(scope="module", params=["", "class/diffusion"], ids=["root", "path"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """At the root, and under a path as behind a proxy; it notes whom it asks for an address."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.headless", "true", "--server.port", str(port)]
    command += ["--server.baseUrlPath", request.param] if request.param else []
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={
                **os.environ,
                **noted.environment(folder),
                "DIFFUSION_RUNS": str(folder / "runs"),
            },
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}/{request.param}".rstrip("/")
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(address):
            assert process.poll() is None, (folder / "log").read_text("utf-8")
            assert time.monotonic() < deadline, (folder / "log").read_text("utf-8")
            time.sleep(0.05)
        yield Server(process, folder, address)
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


def test_the_server_knows_of_ours_what_starts_with_it_and_what_it_sends_small() -> None:
    ours = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    known = {name for name in imported(ROOT / "streamlit_app.py") if name.split(".")[0] in ours}
    assert known == {
        "pages._service.engine",
        "pages._service.spare",
        "pages._service.class_news.class_news",
        "pages._service.reader_cookie.ReaderCookie",
        "pages._service.compressed.CompressedOnce",
        "pages._service.compressed.Instead",
    }


def test_health_counts_what_the_engine_does(server: Server) -> None:
    status, headers, body = get(f"{server.address}/api/health")
    assert status == 200
    assert headers.get_content_type() == "application/json"
    counts = json.loads(body)
    assert counts["workers"] >= 1
    assert counts["running"] == counts["waiting"] == 0


def test_the_chart_library_comes_from_the_server_and_may_be_kept(
    server: Server,
) -> None:
    status, headers, body = get(f"{server.address}/assets/plotly-basic.min.js?v=1")
    assert status == 200
    assert headers.get_content_type() == "text/javascript"
    assert "immutable" in headers["Cache-Control"]
    assert f"plotly.js (basic - minified) v{get_plotlyjs_version()}".encode() in body[:200]


@pytest.mark.parametrize(
    "path", ["assets/../streamlit_app.py", "assets/%2e%2e/streamlit_app.py", "assets/x.js"]
)
def test_nothing_else_of_the_server_s_files_is_served(path: str, server: Server) -> None:
    _, _, body = get(f"{server.address}/{path}")
    assert b"lifespan" not in body


def test_the_interface_is_compressed_once_and_its_fonts_are_the_small_ones(server: Server) -> None:
    page = get(f"{server.address}/")[2].decode()
    [script] = re.findall(r"static/js/index\.[\w-]+\.js", page)[:1]
    plain = urllib.request.Request(f"{server.address}/{script}")
    small = urllib.request.Request(plain.full_url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(plain) as answer:
        assert answer.headers["Content-Encoding"] is None
        whole = answer.read()
    for _ in range(2):
        with urllib.request.urlopen(small) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in answer.headers["Vary"]
            sent = answer.read()
        assert len(sent) == int(answer.headers["Content-Length"]) < len(whole) / 2
        assert gzip.decompress(sent) == whole
    static = Path(str(files("streamlit"))) / "static" / "static" / "media"
    for name in SMALL_FONTS:
        [file] = static.glob(f"{name}.*.woff2")
        _, headers, body = get(f"{server.address}/static/media/{file.name}")
        assert headers.get_content_type() == "font/woff2"
        assert len(body) < 80_000


def test_it_says_its_own_address(server: Server) -> None:
    said = (server.folder / "log").read_text("utf-8")
    assert f"localhost:{urlsplit(server.address).port}{urlsplit(server.address).path}\n" in said
    assert "External" not in said


def strange_websocket(address: str) -> bytes:
    """Ask for a connection as a page of somebody else's would; the answer's first line."""
    where = urlsplit(address)
    key = b64encode(os.urandom(16)).decode()
    with socket.create_connection(("127.0.0.1", where.port or 0), PATIENCE) as link:
        link.settimeout(PATIENCE)
        link.sendall(
            f"GET {where.path}/_stcore/stream HTTP/1.1\r\nHost: {where.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: streamlit\r\n"
            "Origin: http://foreign.example\r\n\r\n".encode()
        )
        return link.recv(200).split(b"\r\n")[0]


def test_nobody_outside_is_asked_for_anything(server: Server) -> None:
    assert b"403" in strange_websocket(server.address)
    get(f"{server.address}/forward_process")
    assert noted.lookups(server.folder) == []


def test_look_ups_would_be_noted(tmp_path: Path) -> None:
    call = "import socket; socket.getaddrinfo('service.example', 80)"
    env = {**os.environ, **noted.environment(tmp_path)}
    assert subprocess.run(
        [sys.executable, "-c", call], env=env, stderr=subprocess.DEVNULL
    ).returncode
    assert noted.lookups(tmp_path) == ["service.example"]


def test_the_server_ends_when_it_is_told_to(
    server: Server,
) -> None:
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) in (0, -signal.SIGTERM)


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


def test_every_icon_of_the_pages_and_of_the_interface_is_in_the_small_font() -> None:
    drawn = ligatures(TTFont(ASSETS / "fonts" / "icons.woff2"))
    whole = ligatures(TTFont(next((STATIC / "media").glob(f"{ICONS}*.woff2"))))
    assert set(whole) & wanted() == set(drawn), "run: python -m pages._ui.assets.fonts"
    assert {"keyboard_arrow_down", "keyboard_double_arrow_left", "close", "delete"} <= set(drawn)
