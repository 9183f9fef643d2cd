"""Valkey as a child process: a broker that keeps what it was given over a kill -9."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from callwaiting.embedded import binaries
from callwaiting.embedded.server import EmbeddedServer

SETTINGS = """\
bind 127.0.0.1
protected-mode yes
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class EmbeddedValkey(EmbeddedServer):
    """A server with an append-only file in `root/valkey`. The password may change between starts.

    The configuration goes to the server by its standard input: neither a file nor the process list has the password.
    """

    def __init__(self, root: Path, *, port: int = 0, password: str) -> None:
        super().__init__("valkey", root, port)
        self._password = password

    def url(self, db: int = 0) -> str:
        return f"redis://:{quote(self._password, safe='')}@127.0.0.1:{self.port}/{db}"

    def is_ready(self) -> bool:
        """Whether this very process has loaded its file and answers."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        try:
            with redis.Redis.from_url(self.url(), socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
                info = client.info()
        except redis.RedisError:
            return False
        return (info["process_id"], info["loading"]) == (self.pid, 0)

    def _prepare(self) -> None:
        self._make_root()
        self.directory.mkdir(mode=0o700, exist_ok=True)

    def _launch(self, claim: int) -> None:
        password = "".join(f"\\x{byte:02x}" for byte in self._password.encode())
        self._spawn(
            [str(binaries.valkey_server()), "-"],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd=self.directory,
            stdin=f'{SETTINGS}port {self.port}\nrequirepass "{password}"\n'.encode(),
            pass_fds=(claim,),
        )
