"""`python -m callwaiting.sandbox`: serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from callwaiting.sandbox.config import Config, merge
from callwaiting.sandbox.server import SandboxServer
from callwaiting.sandbox.typed_json import Misfit

OK, CANNOT_SERVE, BAD_CONFIGURATION = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the sandbox. 0: stopped by a signal, 1: cannot listen, 2: bad arguments or configuration."""
    parser = argparse.ArgumentParser(
        prog="python -m callwaiting.sandbox",
        description="Stand-ins for the APIs of Twilio, Stripe and PayPal, and a mail server, on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=8001, help="port on 127.0.0.1 (default 8001, 0: any free one)")
    parser.add_argument("--mail-port", type=int, default=0, help="port of the mail server (default 0: any free one)")
    parser.add_argument("--config", type=Path, help="JSON file with accounts, secrets and webhook URLs")
    parser.add_argument("--state-dir", type=Path, help="directory that keeps state and certificates between starts")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if given.verbose else logging.WARNING, format="%(message)s")
    try:
        change = json.loads(given.config.read_text(encoding="utf-8")) if given.config else {}
        _, config = merge(asdict(Config()), change)
    except (OSError, ValueError) as error:
        kind = "does not fit" if isinstance(error, Misfit) else "cannot be read"
        sys.stderr.write(f"the configuration {kind}: {error}\n")
        return BAD_CONFIGURATION
    try:
        server = SandboxServer(config, given.port, given.state_dir, mail_port=given.mail_port)
    except (OSError, SystemExit) as error:
        sys.stderr.write(f"cannot serve on port {given.port} (mail: {given.mail_port}): {error}\n")
        return CANNOT_SERVE
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    sys.stdout.write(f"sandbox ready on {server.url}\n")
    sys.stdout.flush()
    stop.wait()
    server.stop()
    return OK


if __name__ == "__main__":
    sys.exit(main())
