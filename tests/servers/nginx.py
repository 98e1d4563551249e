"""nginx as a proxy, from Debian's `nginx-light`."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.conftest import require_program
from tests.servers.process import listening, running, url_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_CONFIGURATION = """
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    large_client_header_buffers 4 64k;  # for each header of a request; 8k by default
    proxy_buffer_size 64k;  # for all headers of an answer; 4k by default
    proxy_buffers 4 64k;
    client_max_body_size {max_body_size};
    server {{
        listen {address};
        location / {{
            proxy_pass {upstream};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering {buffering};
        }}
    }}
}}
"""


@contextmanager
def proxying(
    upstream: str, *, directory: Path, buffering: bool = True, max_body_size: str = "16m"
) -> Generator[str]:
    """Passes requests on to a URL, and gives the URL of the proxy."""
    program = require_program("nginx", package="nginx-light")
    listener = listening()
    url = url_of(listener)
    configuration = directory / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            directory=directory,
            address=url.removeprefix("http://"),
            upstream=upstream,
            user="user root;" if os.geteuid() == 0 else "",
            buffering="on" if buffering else "off",
            max_body_size=max_body_size,
        ),
        encoding="utf-8",
    )
    with running(
        [program, "-c", str(configuration), "-e", str(directory / "start.log")],
        log=directory / "output.log",
        listener=listener,
        environment={"NGINX": f"{listener.fileno()};"},  # how nginx hands its sockets to its successor
    ):
        yield url
