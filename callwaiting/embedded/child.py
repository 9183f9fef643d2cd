"""Any other program as a managed child: the web server, a worker, the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from callwaiting.embedded.account import Account
from callwaiting.embedded.process import ManagedProcess


class Child(ManagedProcess):
    """Runs `argv` with exactly the environment `env`, its output in `log`, as `account` if given (root only).

    It is ready when `ready` says so; an `OSError` from there (connection refused) means not yet. Without `ready` it
    is ready once started.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        ready: Callable[[], bool] | None = None,
        cwd: Path | None = None,
        account: Account | None = None,
    ) -> None:
        super().__init__(name, log)
        self._argv = list(argv)
        self._env = dict(env)
        self._ready = ready
        self._cwd = cwd
        self._account = account

    def launch(self) -> None:
        self._spawn(self._argv, env=self._env, cwd=self._cwd, account=self._account)

    def is_ready(self) -> bool:
        try:
            return self._ready is None or self._ready()
        except OSError:
            return False
