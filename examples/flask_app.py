"""Flask: events at /events, beside the application's own routes.

    pip install cevents flask gunicorn
    gunicorn flask_app:app

and in another terminal `python send_http.py http://127.0.0.1:8000/events`.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from cevents import CloudEvent, receivers

app = Flask(__name__)


def handle(event: CloudEvent[Any]) -> CloudEvent[Any] | None:
    if event.type != "com.example.order.created":
        return None
    return CloudEvent(type="com.example.order.confirmed", source="/shop", data={"id": event.data["id"]})


@app.get("/")
def home() -> str:
    return "Send your orders to /events."


# The receiver answers all of /events by itself; anything else goes to Flask.
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/events": receivers.wsgi(handle)})  # type: ignore[method-assign] # as Flask's documentation has it
