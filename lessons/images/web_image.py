"""Web images: an image from an address that a stranger typed, and from nowhere else.

The server fetches it, so an address must not reach what only the server can: its own ports, the
local network, a cloud's metadata. A name is looked up once, every answer must be a public address,
and the connection goes to that very answer; so again after each redirect.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import urljoin

import httpcore2
import numpy as np
from numpy.typing import NDArray

from lessons.images.opening import MOST_BYTES, open_image
from lessons.images.public_address import checked, is_public
from models import environment

SETTING: Final = "DIFFUSION_WEB_PICTURES"
SECONDS: Final = 10.0
"""For everything together: names, connections, redirects, the image."""

REDIRECTS: Final = 3
AT_ONCE: Final = 4
"""Fetches at the same time, for all readers together."""

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → the numeric addresses that a name stands for."""

_HEADERS: Final[dict[bytes | str, bytes | str]] = {
    "Accept": "image/png, image/jpeg, image/webp",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "diffusion-step-by-step/1.0",
}
_slots = threading.BoundedSemaphore(AT_ONCE)


def allowed() -> bool:
    """Whether this server fetches images from the web at all."""
    return environment.choice(SETTING, ("on", "off")) == "on"


def load(address: str) -> NDArray[np.uint8]:
    """Fetch an image and open it.

    Args:
        address: http or https, on the usual ports.

    Returns:
        (H, W, 3) RGB uint8, as `open_image` returns them.

    Raises:
        ValueError: it can't be had, or is no image; the message is for the reader.
    """
    return open_image(fetch(address))


def fetch(
    address: str,
    *,
    resolve: Resolve | None = None,
    network: httpcore2.NetworkBackend | None = None,
    tls: ssl.SSLContext | None = None,
    seconds: float = SECONDS,
) -> bytes:
    """Fetch at most `MOST_BYTES` from a public address.

    Args:
        address: http or https, on the usual ports.
        resolve: how names become numeric addresses; the system's way by default.
        network: how numeric addresses become connections; the system's way by default.
        tls: which certificates count; the system's by default.
        seconds: the time for everything together.

    Raises:
        ValueError: the address is none, is not public, or gives no such file in time.
    """
    if not allowed():
        raise ValueError("This server does not fetch images from the web.")
    if not address.strip():
        raise ValueError("There is no address yet.")
    if not _slots.acquire(blocking=False):
        raise ValueError("Several images are being fetched right now. Try again in a moment.")
    door = _PublicOnly(
        resolve or _resolve, network or httpcore2.SyncBackend(), time.monotonic() + seconds
    )
    context = tls or httpcore2.default_ssl_context()
    try:
        with httpcore2.ConnectionPool(context, network_backend=door) as pool:
            return _follow(pool, address.strip())
    except httpcore2.TimeoutException:
        raise ValueError(f"This address gave no image in time ({seconds:g} s).") from None
    except httpcore2.ConnectError:
        raise ValueError("The server at this address does not answer.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError):
        raise ValueError("The server at this address broke off, or does not speak HTTP.") from None
    finally:
        _slots.release()


def _follow(pool: httpcore2.ConnectionPool, address: str) -> bytes:
    if "://" not in address:
        address = f"https://{address}"
    for _ in range(1 + REDIRECTS):
        with pool.stream("GET", checked(address), headers=_HEADERS) as response:
            headers = {name.lower(): value for name, value in response.headers}
            if response.status not in (301, 302, 303, 307, 308):
                return _body(response, headers)
            location = headers.get(b"location", b"").decode("latin-1")
        address = _joined(address, location)
    raise ValueError(f"This address leads on to others more than {REDIRECTS} times.")


def _joined(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        raise ValueError("This address leads on to something that is no address.") from None


def _body(response: httpcore2.Response, headers: dict[bytes, bytes]) -> bytes:
    if response.status != 200:
        raise ValueError(f"This address answered with status {response.status}, not an image.")
    if headers.get(b"content-type", b"").lower().startswith(b"text/"):
        raise ValueError("This address leads to a page. Give the address of the image itself.")
    too_large = int(headers.get(b"content-length", b"0")) > MOST_BYTES
    content = bytearray()
    for part in () if too_large else response.iter_stream():
        content += part
        if len(content) > MOST_BYTES:
            too_large = True
            break
    if too_large:
        most = f"at most {MOST_BYTES >> 20} MB can be taken"
        raise ValueError(f"The file at this address is too large; {most}.")
    return bytes(content)


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _PublicOnly(httpcore2.NetworkBackend):
    """Connects to public addresses only, and gives up when the time is over."""

    def __init__(
        self, resolve: Resolve, network: httpcore2.NetworkBackend, deadline: float
    ) -> None:
        self._resolve = resolve
        self._network = network
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Look the name up, check every answer, and connect to one of those."""
        answers = self._answers(host, port)
        if not answers or not all(map(is_public, answers)):
            raise ValueError("This is no public web address.")
        for number in answers:
            try:
                stream = self._network.connect_tcp(
                    number, port, self._left(), local_address, socket_options
                )
                return _Timed(stream, self._left)
            except httpcore2.ConnectError as error:
                trouble = error
        raise trouble

    def _answers(self, host: str, port: int) -> Sequence[str]:
        """Look a name up, in a thread of its own because that can't be given a time."""
        if is_public(host):
            return [host]
        answers: queue.SimpleQueue[Sequence[str] | OSError | UnicodeError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=self._left())
        except queue.Empty:
            raise httpcore2.ConnectTimeout from None
        if isinstance(answer, Exception):
            raise ValueError("There is no server of this name.")
        return answer

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left


class _Timed(httpcore2.NetworkStream):
    """A connection whose every wait ends with the time for everything together."""

    def __init__(self, stream: httpcore2.NetworkStream, left: Callable[[], float]) -> None:
        self._stream = stream
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Wait for the next bytes."""
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send."""
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Have the server prove that it is the one named in the address."""
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._left())
        except httpcore2.ConnectError:
            raise ValueError("This server could not prove that it is the one named.") from None
        return _Timed(stream, self._left)

    def get_extra_info(self, info: str) -> Any:
        """Pass on what is known of the connection."""
        return self._stream.get_extra_info(info)
