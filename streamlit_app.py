"""The server: what it starts with, what it serves besides the pages, how it ends."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

log = logging.getLogger(__name__)
ROOT = Path(__file__).parent


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start the engine with the server and stop it with the server."""
    # Imported here, so that what is heavy is loaded once, by the server and not by its launcher.
    from pages import _engine

    _engine.start()
    try:
        yield
    finally:
        _engine.stop()


def show_mistake(error: Exception) -> bool:
    """Tell the reader in one sentence that a page failed, and the log what happened."""
    entry = secrets.token_hex(4)
    log.error("page failed, entry %s", entry, exc_info=error)
    st.error(f"This page failed, and the mistake is ours (log entry {entry}). The others work.")
    return True


async def health(_request: Request) -> JSONResponse:
    """Report the engine's counts: 200 while it takes work, 503 when it does not."""
    from pages import _engine

    counts = _engine.health()
    return JSONResponse(asdict(counts), status_code=200 if counts.workers else 503)


async def plotly(_request: Request) -> FileResponse:
    """Serve the chart library out of the installed plotly package, so that none is fetched."""
    library = Path(str(files("plotly"))) / "package_data" / "plotly.min.js"
    # The page asks for it with its version in the address, so it may be kept for good.
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(library, media_type="text/javascript", headers=kept)


app = st.App(
    ROOT / "pages" / "_router.py",
    lifespan=lifespan,
    on_script_error=show_mistake,
    routes=[Route("/api/health", health), Route("/assets/plotly.min.js", plotly)],
)
