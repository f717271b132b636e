"""A small internet: names, servers that say what a test wants, and cables to them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any

import httpcore2
import pytest
from PIL import Image

from benchmarks.storm.bad_uploads import encoded
from lessons.images import web_image

PUBLIC = "93.184.216.34"
IMAGE = encoded(Image.new("RGB", (8, 8), "red"), "PNG")
Answer = Callable[[socket.socket], None]


def reply(body: bytes = b"", *headers: str, status: str = "200 OK", length: int = -1) -> bytes:
    """A whole answer of a server."""
    promised = len(body) if length < 0 else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {promised}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str) -> bytes:
    """An answer that leads on."""
    return reply(status="302 Found", length=0)[:-2] + f"Location: {location}\r\n\r\n".encode()


class Web:
    """An internet in which every address leads to one server on this machine."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Answer] = {"/": reply(IMAGE)}
        self.names: dict[str, Sequence[str]] = {"pictures.org": [PUBLIC]}
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.requests: list[str] = []
        self.tls: ssl.SSLContext | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = self._listener.getsockname()
        self._threads: list[threading.Thread] = []
        self._accept = threading.Thread(target=self._serve)
        self._accept.start()

    def fetch(self, address: str, **options: Any) -> bytes:
        """Fetch in this internet."""
        return web_image.fetch(address, resolve=self.resolve, network=Cable(self), **options)

    def refusal(self, address: str, **options: Any) -> str:
        """The sentence with which an address is refused."""
        with pytest.raises(ValueError, match=r"\.$") as refusal:
            self.fetch(address, **options)
        return str(refusal.value)

    def resolve(self, host: str, _port: int) -> Sequence[str]:
        """Look a name up."""
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(-2, "Name or service not known")
        return self.names[host]

    def close(self) -> None:
        """Take the server down, and see its threads end."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._accept, *self._threads):
            thread.join(10)
            assert not thread.is_alive()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._answer, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self._speak(connection)

    def _speak(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(4096) or b"\r\n\r\n"
        self.requests.append(request.decode())
        path = request.split()[1].decode()
        answer = self.answers[path]
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)


class Cable(httpcore2.NetworkBackend):
    """Leads every connection to the one server, and notes where it was meant to go."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.system = httpcore2.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: Any = None, *more: Any) -> Any:
        """Connect."""
        self.web.connected.append((host, port))
        return self.system.connect_tcp(*self.web.place, timeout, *more)
