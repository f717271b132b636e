"""Files of the interface: smaller where we have them so, and compressed once for all readers.

Streamlit sends its own files as they are, several megabytes to each new reader, and compresses
other answers anew for each. What never changes while the server runs is compressed here at the
first request, and kept.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")
"""Content types that shrink; images and fonts are compressed already."""

SMALLEST: Final = 1000
"""Bytes below which compressing gains nothing."""

KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
"""The names of Streamlit's files change with its version."""

MOST: Final = 64 * 2**20
"""Bytes of compressed files that are kept."""


class Instead:
    """ASGI middleware: files of the interface in a smaller edition of our own."""

    def __init__(self, app: ASGIApp, files: Mapping[str, Path]) -> None:
        """Wrap an application.

        Args:
            app: what answers all else.
            files: what is served, by the beginning of the path that is asked for.
        """
        self._app = app
        self._files = dict(files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = self._app
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            path = scope["path"]
            found = (file for name, file in self._files.items() if path.startswith(name))
            if file := next(found, None):
                app = FileResponse(file, headers=KEPT)
        await app(scope, receive, send)


@dataclass(frozen=True)
class _Kept:
    start: Message
    body: bytes


class CompressedOnce:
    """ASGI middleware: answers to GET below some paths, compressed once and kept.

    Requests for a part of a file, and those that ask whether a file has changed, pass through.
    """

    def __init__(self, app: ASGIApp, below: tuple[str, ...]) -> None:
        """Wrap an application.

        Args:
            app: what answers.
            below: beginnings of paths whose files don't change while the server runs.
        """
        self._app = app
        self._below = below
        self._kept: dict[str, _Kept] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self._concerns(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._kept:
            start, body = await self._answer(scope, receive)
            if not _shrinks(start, body):
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            kept = await to_thread.run_sync(_compressed, start, body)
            if self._bytes + len(kept.body) > MOST:
                self._kept.clear()
                self._bytes = 0
            self._kept[path] = kept
            self._bytes += len(kept.body)
        kept = self._kept[path]
        await send(kept.start)
        await send({"type": "http.response.body", "body": kept.body})

    def _concerns(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        asked = Headers(scope=scope)
        partly = any(name in asked for name in ("range", "if-none-match", "if-modified-since"))
        takes = "gzip" in asked.get("accept-encoding", "")
        return takes and not partly and scope["path"].startswith(self._below)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """What the application answers, gathered, and not compressed by anybody else."""
        headers = [(k, v) for k, v in scope["headers"] if k.lower() != b"accept-encoding"]
        messages: list[Message] = []

        async def gather(message: Message) -> None:
            messages.append(message)

        # A server that offers to send files itself would leave nothing to gather.
        plain = {**scope, "headers": headers, "extensions": {}}
        await self._app(plain, receive, gather)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return messages[0], body


def _shrinks(start: Message, body: bytes) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "")
    plain = "content-encoding" not in headers
    return start["status"] == 200 and plain and len(body) >= SMALLEST and kind.startswith(KINDS)


def _compressed(start: Message, body: bytes) -> _Kept:
    small = gzip.compress(body, compresslevel=9, mtime=0)
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(small))
    headers.add_vary_header("Accept-Encoding")
    return _Kept({**start, "headers": headers.raw}, small)
