"""The runtime of an operator's command: from the environment, or from the data directory that `up` keeps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from callwaiting.cli.home import DEFAULT, Home
from callwaiting.core.roles import WORKER_ROLES, DatabaseRole
from callwaiting.core.settings import Settings, SettingsInvalid, load

if TYPE_CHECKING:
    from callwaiting.factory import Runtime


def operator_settings(*roles: DatabaseRole, data_dir: Path | None = None) -> Settings:
    """Settings of an operator's process. Raises SettingsInvalid when neither the environment nor a data directory
    has any."""
    if "REDIS_URL" in os.environ and data_dir is None:
        return load(roles=roles)
    home = Home(data_dir or Path(os.environ.get("CALLWAITING_HOME", DEFAULT)))
    try:
        environment: dict[str, str] = json.loads(home.operator_environment.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsInvalid(
            [f"REDIS_URL is not set and there is no {home.operator_environment}: start with `callwaiting up`"]
        ) from None
    except PermissionError:
        raise SettingsInvalid([f"{home.operator_environment} belongs to another account"]) from None
    return load(environment, roles=roles)


def worker_runtime(*roles: DatabaseRole, data_dir: Path | None = None) -> Runtime:
    """The runtime of a worker, for a command. `roles` are needed beyond the worker's own."""
    settings = operator_settings(*WORKER_ROLES, *roles, data_dir=data_dir)
    from callwaiting.factory import build_runtime  # a command that has no settings says so at once

    return build_runtime(settings, tenant_role=DatabaseRole.WORKER)
