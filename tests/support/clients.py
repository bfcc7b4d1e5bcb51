"""Where clients of tests read from, and what is sent to a server without one."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from support.server import Server

TOKEN = "a token of these tests"
MODELS = "models: [{name: payer, training_set: main, owner: ml@example.com}]\n"


def address(found: Server) -> str:
    return f"http://127.0.0.1:{found.port}"


def sent(server: Server, path: str, kind: str, body: bytes | None) -> tuple[int, Any]:
    headers = {"content-type": kind, "authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(f"{address(server)}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as problem:
        return problem.code, json.loads(problem.read())
