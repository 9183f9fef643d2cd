"""The runtime of an operator's command: from the environment, or from the data directory that `up` keeps."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from callwaiting.cli.home import DEFAULT, Home
from callwaiting.core.roles import WORKER_ROLES, DatabaseRole
from callwaiting.core.settings import Settings, SettingsInvalid, load

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

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


@contextmanager
def merchant_session(runtime: Runtime, merchant_id: UUID) -> Iterator[Session]:
    """A transaction of an operator in one merchant's scope. The command ends with status 1 when there is none."""
    from callwaiting.core.tenancy import MerchantScope
    from callwaiting.features.merchants import service as merchants

    with runtime.database.unit_of_work(MerchantScope(merchant_id, actor="operator")) as session:
        if not merchants.exists(session):
            raise click.ClickException(f"There is no merchant {merchant_id}: `callwaiting merchants list` shows all.")
        yield session


def require_merchant(runtime: Runtime, merchant_id: UUID | None) -> None:
    """As `merchant_session`, for a command whose work is done elsewhere; None stands for all merchants."""
    if merchant_id is not None:
        with merchant_session(runtime, merchant_id):
            pass
