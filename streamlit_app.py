"""The server: what it starts with, what it serves besides the pages, how it ends."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from streamlit import config, net_util
from streamlit.web.server import server_util

from pages._service.compressed import CompressedOnce, Instead
from pages._service.reader_cookie import ReaderCookie

log = logging.getLogger(__name__)
ROOT = Path(__file__).parent
ASSETS = ROOT / "pages" / "_ui" / "assets"

SMALL_FONTS = {
    "SourceSansVF-Upright": "sans.woff2",
    "SourceSerifVariable-Roman": "serif.woff2",
    "SourceSerifVariable-Italic": "serif-italic.woff2",
    "SourceCodeVF-Upright": "code.woff2",
    "SourceCodeVF-Italic": "code-italic.woff2",
    "MaterialSymbols-Rounded": "icons.woff2",
}
"""Streamlit's fonts, and those parts of them that the lessons are written with."""

# At every connection from a strange page Streamlit would ask a service on the internet for this
# machine's public address, and everybody would wait for the answer. Nothing leaves the machine.
net_util.get_external_ip = lambda: None


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start the engine with the server, and what keeps a training ready; stop both with it."""
    # Imported here, so that what is heavy is loaded once, by the server and not by its launcher.
    from pages._service import engine, spare

    try:
        engine.start()
    except ValueError as error:  # a cluster that is not there
        print(f"The app can't start: {error}", file=sys.stderr, flush=True)
        os._exit(1)  # an exception would print forty lines above the sentence
    spare.start()
    print(welcome(), flush=True)
    try:
        yield
    finally:
        spare.stop()
        engine.stop()


def welcome() -> str:
    """Say where the app is, in place of Streamlit's own words, which ask an outside service."""
    host = config.get_option("browser.serverAddress" if _named() else "server.address")
    if host and host not in ("0.0.0.0", "::"):
        return f"\n  The app is ready: {server_util.get_url(host)}\n"
    here = server_util.get_url("localhost")
    others = server_util.get_url(net_util.get_internal_ip() or "")
    return f"\n  The app is ready: {here}\n  For others in this network: {others}\n"


def _named() -> bool:
    return bool(config.is_manually_set("browser.serverAddress"))


def show_mistake(error: Exception) -> bool:
    """Tell the reader in one sentence that a page failed, and the log what happened."""
    entry = secrets.token_hex(4)
    log.error("page failed, entry %s", entry, exc_info=error)
    st.error(f"This page failed, and the mistake is ours (log entry {entry}). The others work.")
    return True


async def health(_request: Request) -> JSONResponse:
    """Report the engine's counts: 200 while it takes work, 503 when it does not."""
    from pages._service import engine

    counts = engine.health()
    return JSONResponse(asdict(counts), status_code=200 if counts.workers else 503)


async def plotly(_request: Request) -> FileResponse:
    """Serve the chart library, so that none is fetched."""
    # The page asks for it with its version in the address, so it may be kept for good.
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(
        ASSETS / "plotly" / "plotly-basic.min.js", media_type="text/javascript", headers=kept
    )


async def news(request: Request) -> Response:
    """Answer an open page in a class: does the teacher show something?"""
    from pages._service.class_news import class_news

    return await class_news(request)


def under(path: str) -> str:
    """The path of an address of ours, below the one that a proxy may give the whole app."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"


def settings_or_end() -> None:
    """End here, in one sentence, where a setting is none; later it would be a reader's problem."""
    from pages._service import engine

    try:
        engine.check_settings()
    except (ValueError, OSError) as error:
        raise SystemExit(f"The app can't start: {error}") from None


settings_or_end()
app = st.App(
    ROOT / "pages" / "_router.py",
    lifespan=lifespan,
    on_script_error=show_mistake,
    # The interface and the chart library are compressed once, not for each reader.
    middleware=[
        Middleware(ReaderCookie, path=under("").rstrip("/") or "/"),
        Middleware(
            Instead,
            files={
                under(f"static/media/{name}"): ASSETS / "fonts" / small
                for name, small in SMALL_FONTS.items()
            },
        ),
        Middleware(CompressedOnce, below=(under("static/"), under("assets/"))),
    ],
    routes=[
        Route(under("api/health"), health),
        Route(under("api/class"), news),
        Route(under("assets/plotly-basic.min.js"), plotly),
    ],
)
