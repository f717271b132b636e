"""Notes every name that a program of Python's looks up, for tests that say: nobody was asked."""

from __future__ import annotations

import os
from pathlib import Path

_GUARD = """
import os, socket
_true, _home = socket.getaddrinfo, (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::")
def getaddrinfo(host, *more, **also):
    name = host.decode() if isinstance(host, bytes) else host
    if name in _home:
        return _true(host, *more, **also)
    with open(os.environ["NOTED_LOOKUPS"], "a") as file:
        file.write(str(name) + chr(10))
    raise socket.gaierror(socket.EAI_AGAIN, "held back by a test")
socket.getaddrinfo = getaddrinfo
"""


def environment(folder: Path) -> dict[str, str]:
    """What a process has to be started with, so that it notes its look-ups in a folder."""
    guard = folder / "guard"
    guard.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(_GUARD)
    path = os.pathsep.join(filter(None, (str(guard), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "NOTED_LOOKUPS": str(folder / "lookups")}


def lookups(folder: Path) -> list[str]:
    """The foreign names that were looked up so far."""
    file = folder / "lookups"
    return file.read_text().split() if file.exists() else []
