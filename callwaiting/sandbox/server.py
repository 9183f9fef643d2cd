"""Serves the sandbox on the loopback interface."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from callwaiting.sandbox.app import close, create_app, sandbox_of
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.mail import MailCatcher

HOST = "127.0.0.1"
_log = logging.getLogger(__name__)


class _Handler(WSGIRequestHandler):
    """Logs through `logging` at debug level instead of a line on stderr for each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        _log.debug(message, *args)


class SandboxServer:
    """The app with its threads and the mail server. `start` binds and returns; `stop` ends everything and may be
    called once."""

    def __init__(self, config: Config, port: int, state_dir: Path | None = None, *, mail_port: int = 0) -> None:
        self.app = create_app(config, state_dir)
        try:
            self.mail = MailCatcher(sandbox_of(self.app), mail_port)
        except OSError:
            close(self.app)
            raise
        try:
            self._server: BaseWSGIServer = make_server(HOST, port, self.app, threaded=True, request_handler=_Handler)
        except (OSError, SystemExit):  # the port is taken; werkzeug raises either
            self.mail.stop()
            close(self.app)
            raise
        self.port = self._server.server_port
        if not config.public_base_url:
            sandbox_of(self.app).configure({"public_base_url": self.url})
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="sandbox")

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        sandbox_of(self.app).deliverer.start()
        self.mail.start()
        self._thread.start()

    def stop(self) -> None:
        self.mail.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        close(self.app)
