"""What is said when the hub refuses DeepFloyd IF, or is gone. Real requests, to this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import huggingface_hub
import pytest
import tiny_if

pytestmark = pytest.mark.usefixtures("tiny_if_here")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[BaseHTTPRequestHandler]]:
    """A hub on this machine that refuses everything, with `status` and `word`."""

    class Refusing(BaseHTTPRequestHandler):
        status, word = 401, "GatedRepo"

        def do_GET(self) -> None:
            self.do_HEAD()

        def do_HEAD(self) -> None:
            self.send_response(self.status)
            self.send_header("X-Error-Code", self.word)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    at_hub(monkeypatch, tmp_path, server.server_port)
    yield Refusing
    server.shutdown()
    thread.join()
    server.server_close()


def at_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: int) -> None:
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", "IF-I-M-v1.0")


def test_without_a_token_it_says_how_to_get_one(hub: type[BaseHTTPRequestHandler]) -> None:
    hub.status = 401  # type: ignore[attr-defined]
    assert "set HF_TOKEN" in tiny_if.refused()


def test_a_licence_that_was_not_accepted_is_said(
    hub: type[BaseHTTPRequestHandler], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.status = 403  # type: ignore[attr-defined]
    monkeypatch.setenv("HF_TOKEN", "hf_somebody")
    said = tiny_if.refused()
    assert "licence of DeepFloyd/IF-I-M-v1.0 is not accepted" in said
    assert "https://huggingface.co/DeepFloyd/IF-I-M-v1.0" in said


def test_a_token_that_the_hub_does_not_know_is_said(
    hub: type[BaseHTTPRequestHandler], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.word = "RepoNotFound"  # type: ignore[attr-defined]
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "doesn't know this token" in tiny_if.refused()


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_hub(monkeypatch, tmp_path, port=9)
    assert "check the network" in tiny_if.refused()
