"""`/api/v1/alerts`."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.core.tenancy import Scope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts import service
from tests.api_client import ApiClient, actions


def raise_alert(worker: Runtime, scope: Scope, subject: str) -> None:
    with worker.database.unit_of_work(scope) as session:
        service.raise_alert(
            session, "payments.surplus", subject=subject, severity="high", summary="Paid twice.", details={"times": 2}
        )


def test_newest_first_in_pages_by_state(owner: ApiClient, stranger: ApiClient, worker: Runtime) -> None:
    for subject in ("a", "b", "c"):
        raise_alert(worker, owner.scope, subject)
    raise_alert(worker, owner.scope, "a")
    raise_alert(worker, SystemScope("an alert of the platform"), "p")
    pages = owner.pages("/alerts", 2)
    owner.post(f"/alerts/{pages[0][0]['id']}/resolve", status=200)

    assert [[alert["count"] for alert in page] for page in pages] == [[1, 1], [2]]
    assert pages[1][0]["details"] == {"times": 2}
    assert owner.get(f"/alerts/{pages[1][0]['id']}") == pages[1][0]
    assert [alert["id"] for alert in owner.get("/alerts?state=open")["items"]] == [pages[0][1]["id"], pages[1][0]["id"]]
    assert stranger.get("/alerts")["items"] == []
    assert owner.send("GET", "/alerts?state=closed").status_code == 422


def test_acknowledged_then_resolved(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    raise_alert(worker, owner.scope, "a")
    path = f"/alerts/{owner.get('/alerts')['items'][0]['id']}"
    states = [owner.post(f"{path}/acknowledge", status=200)["state"] for _ in range(2)]
    raise_alert(worker, owner.scope, "a")
    counted = owner.get(path)
    over, still = (owner.post(f"{path}/resolve", status=200) for _ in range(2))
    late = owner.send("POST", f"{path}/acknowledge")
    raise_alert(worker, owner.scope, "a")

    assert states == ["acknowledged"] * 2
    assert (counted["state"], counted["count"]) == ("acknowledged", 2)
    assert over["state"] == "resolved"
    assert over == still
    assert over["resolved_at"] is not None
    assert (late.status_code, late.get_json()["message"]) == (409, "This alert is resolved.")
    assert [alert["state"] for alert in owner.get("/alerts")["items"]] == ["open", "resolved"]
    assert [action for action in actions(admin_url) if action.startswith("alert.")] == [
        "alert.acknowledged",
        "alert.resolved",
    ]


def test_viewers_read_and_staff_acts(owner: ApiClient, worker: Runtime) -> None:
    raise_alert(worker, owner.scope, "a")
    viewer = replace(owner, role="viewer")
    path = f"/alerts/{viewer.get('/alerts')['items'][0]['id']}/acknowledge"

    assert viewer.send("POST", path).status_code == 403
    assert replace(owner, role="agent").send("POST", path).status_code == 200
