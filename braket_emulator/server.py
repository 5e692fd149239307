"""A threaded HTTP server on 127.0.0.1, able to break connections as networks do."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, NoReturn

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class _QuietHandler(MotoRequestHandler):
    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """No access log: the call log has it all."""


class HttpServer:
    """Serves a WSGI application on a port of its own until closed."""

    def __init__(self, application: WSGIApplication) -> None:
        self._server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def hang_up(environ: WSGIEnvironment, *, reset: bool) -> NoReturn:
    """Close the connection without an answer.

    Args:
        environ: The request's.
        reset: Whether the client sees a reset rather than an orderly end.

    Raises:
        ConnectionResetError: Always; it makes the server drop the request.
    """
    connection: socket.socket = environ["werkzeug.socket"]
    if reset:
        # Closing a socket that lingers for zero seconds sends RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    else:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("hung up on purpose")
