"""What the embedded servers have in common: a directory of their own, a claim on it, and a port that stays."""

from __future__ import annotations

import subprocess
from abc import abstractmethod
from pathlib import Path

from callwaiting.embedded.claim import claimed, require_free, stable_port
from callwaiting.embedded.process import ManagedProcess, StartFailed


class EmbeddedServer(ManagedProcess):
    """A server in `root/<name>` on the loopback. With port 0 one is chosen at the first start and kept ever after."""

    claim_wait_s = 5.0

    def __init__(self, name: str, root: Path, port: int) -> None:
        self.root = root.absolute()
        self.directory = self.root / name
        super().__init__(name, self.directory / "server.log")
        self._port = port
        self._port_is_settled = False

    @property
    def port(self) -> int:
        """Raises `StartFailed` before the first start if none was given."""
        if not self._port:
            raise StartFailed(f"{self.name} has no port before its first start.")
        return self._port

    def launch(self) -> None:
        """Start the server without waiting for it. Raises `StartFailed`, `AlreadyRunning` if another has its data."""
        try:
            self._prepare()
            with claimed(self.directory, self.name, self.claim_wait_s) as claim:
                self._settle_port()
                self._launch(claim)
        except PermissionError as error:
            raise StartFailed(
                f"{error.filename or self.directory} belongs to another account: start as that account or as root, "
                "or choose another data directory."
            ) from error
        except (OSError, LookupError, subprocess.SubprocessError) as error:
            raise StartFailed(f"{self.name} cannot be started: {error}") from error

    @abstractmethod
    def _prepare(self) -> None:
        """Make `directory`."""

    @abstractmethod
    def _launch(self, claim: int) -> None:
        """Spawn the server, handing `claim` down to it."""

    def _make_root(self) -> None:
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self.root.chmod(0o711)  # whatever the umask: another account must pass, it need not look around

    def _settle_port(self) -> None:
        if self._port_is_settled:
            require_free(self._port)  # at a restart the clients have our address already
            return
        self._port = stable_port(self.directory / "port", self._port)
        self._port_is_settled = True
