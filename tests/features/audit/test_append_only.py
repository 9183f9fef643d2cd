"""Nobody changes the log: neither its writer nor its owner, nor the superuser while the trigger stands."""

from __future__ import annotations

import psycopg2
import pytest
from psycopg2 import errors

from callwaiting.core.db import DatabaseRole
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit.chain import chain_batch
from migrations.prepare import MIGRATOR, role_url
from tests.servers import ROLE_SECRET

CHANGES = (
    "update audit.log set record = record",
    "delete from audit.log",
    "truncate audit.log",
)


@pytest.fixture
def one_link(worker: Runtime, merchant: MerchantScope) -> None:
    with worker.database.unit_of_work(SystemScope("chain"), DatabaseRole.AUDIT) as session:
        assert chain_batch(session) == 1


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", ["writer", "owner", "superuser", "web", "worker", "service"])
def test_log_refuses_changes(one_link: None, settings: Settings, admin_url: str, who: str, change: str) -> None:
    urls = settings.database_urls()
    url = {
        "writer": urls[DatabaseRole.AUDIT],
        "owner": role_url(admin_url, ROLE_SECRET, MIGRATOR),
        "superuser": admin_url,
        "web": urls[DatabaseRole.WEB],
        "worker": urls[DatabaseRole.WORKER],
        "service": urls[DatabaseRole.SERVICE],
    }[who]
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            if who == "owner":
                cursor.execute("set role cw_owner")
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(change)
    finally:
        connection.close()
