"""A token for each browser, kept in a cookie that no script can read.

The pages know by it whose run is whose. It names nobody, and is of use on this server alone.
"""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lessons.classroom.readers import new_token

NAME: Final = "diffusion_reader"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_A_YEAR: Final = 365 * 24 * 3600


def is_token(sent: str) -> bool:
    """Whether this could be a token of ours."""
    return _TOKEN.fullmatch(sent) is not None


class ReaderCookie:
    """ASGI middleware: whoever asks for a page without a token gets one with the answer."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        """Wrap an application.

        Args:
            app: what answers.
            path: below which the browser sends the cookie back, e.g. "/".
        """
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _wants_one(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return

        async def with_token(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                headers.append("set-cookie", self._cookie(scope))
                headers["cache-control"] = "private, no-store"  # no proxy gives it to another
                message = {**message, "headers": headers.raw}
            await send(message)

        await self._app(scope, receive, with_token)

    def _cookie(self, scope: Scope) -> str:
        forwarded = Headers(scope=scope).get("x-forwarded-proto", scope.get("scheme", ""))
        secure = "; Secure" if forwarded.split(",")[0].strip() == "https" else ""
        kept = f"Path={self._path}; Max-Age={_A_YEAR}; HttpOnly; SameSite=Lax{secure}"
        return f"{NAME}={new_token()}; {kept}"


def _wants_one(headers: Headers) -> bool:
    if "text/html" not in headers.get("accept", ""):
        return False
    try:
        sent = SimpleCookie(headers.get("cookie", "")).get(NAME)
    except CookieError:
        return True
    return sent is None or not is_token(sent.value)
