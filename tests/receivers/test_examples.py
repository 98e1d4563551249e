"""The HTTP examples work as they say: each in the server that it names, sent to by `send_http.py`."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cevents import CloudEvent
from cevents.transports.http import HttpSender
from examples import fastapi_app, starlette_app
from tests.servers import gunicorn, hypercorn, uvicorn

if TYPE_CHECKING:
    from collections.abc import Generator

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ["fastapi", "starlette", "flask", "django"]


@contextmanager
def serving(name: str, directory: Path) -> Generator[str]:
    log = directory / "gunicorn.log"
    servers = {
        "fastapi": lambda: uvicorn.serving(fastapi_app.app),
        "starlette": lambda: hypercorn.serving(starlette_app.app),
        "flask": lambda: gunicorn.serving("flask_app:app", directory=EXAMPLES, log=log),
        "django": lambda: gunicorn.serving("django_view:application", directory=EXAMPLES, log=log),
    }
    with servers[name]() as url:
        yield url


@pytest.mark.parametrize("name", NAMES)
def test_example_takes_what_the_example_sends(name: str, tmp_path: Path) -> None:
    with serving(name, tmp_path) as url:
        sent = subprocess.run(
            [sys.executable, str(EXAMPLES / "send_http.py"), f"{url}/events"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        refused = httpx.post(f"{url}/events", json={})
        got = httpx.get(f"{url}/events")
        elsewhere = httpx.post(f"{url}/nowhere", json={})
    assert sent.stderr == ""
    assert sent.stdout.splitlines() == 2 * [
        "sent com.example.order.created, got com.example.order.confirmed {'id': 7}",
        "sent com.example.note, got no reply",
    ]
    assert refused.status_code == 415
    assert refused.headers["content-type"] == "application/problem+json"
    assert got.status_code == 405
    assert elsewhere.status_code == 404


def test_example_of_starlette_takes_batches() -> None:
    order: CloudEvent[Any] = CloudEvent(type="com.example.order.created", source="/s", data={"id": 7})
    with hypercorn.serving(starlette_app.app) as url, HttpSender(f"{url}/events") as sender:
        assert sender.send_batch([order, order.replace(id="2")]) is None


def test_example_of_fastapi_has_routes_of_its_own() -> None:
    with uvicorn.serving(fastapi_app.app) as url, HttpSender(f"{url}/events") as sender:
        sender.send(CloudEvent(type="com.example.order.created", source="/s", data={"id": 4711}))
        assert 4711 in httpx.get(f"{url}/orders").json()
        assert httpx.get(f"{url}/docs").status_code == 200
