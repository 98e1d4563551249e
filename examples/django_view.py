"""Django: a view that takes events, in a project of one file.

    pip install cevents django gunicorn
    gunicorn django_view:application

and in another terminal `python send_http.py http://127.0.0.1:8000/events`.

A view has its request read by Django, so it calls `answer` of the receiver and sends what comes back.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from cevents import CloudEvent, receivers

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1", "localhost"])


def handle(event: CloudEvent[Any]) -> CloudEvent[Any] | None:
    if event.type != "com.example.order.created":
        return None
    return CloudEvent(type="com.example.order.confirmed", source="/shop", data={"id": event.data["id"]})


receiver = receivers.wsgi(handle)


@csrf_exempt  # other programs send the events, without a form of ours
def events(request: HttpRequest) -> HttpResponse:
    answer = receiver.answer(request.method or "", request.headers, request.body)
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]  # Django's own; an event has the one of its data, or none
    for name, value in answer.headers:
        response[name] = value
    return response


urlpatterns = [path("events", events)]
application = get_wsgi_application()
