"""What an open page asks the server for now and then: is there something to look at?

A plain request of a few bytes: no page runs for it, so no reader's work is disturbed. With it the
server hears which page is open. Pages ask only where there is a teacher's key.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from lessons.classroom import presence, readers, state
from lessons.training.runs import files
from pages._service.reader_cookie import NAME, is_token
from pages._ui.session import lessons

_FRESH: Final = {"Cache-Control": "no-store"}


async def class_news(request: Request) -> JSONResponse:
    """Answer with the link that the teacher shows, if there is one."""
    page, token = request.query_params.get("page", ""), request.cookies.get(NAME, "")
    return JSONResponse({"look": await run_in_threadpool(_news, page, token)}, headers=_FRESH)


def _news(page: str, token: str) -> dict[str, object] | None:
    if readers.teachers_key() is None:
        return None
    titles = {"": "Home"} | lessons.titles()
    if page in titles and is_token(token):
        presence.hear(readers.hashed(token), page)
    look = state.read(files.root()).look
    if look is None or look.page not in titles:
        return None
    return asdict(look) | {"title": titles[look.page]}
