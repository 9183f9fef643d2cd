"""The doors that the demo goes through: the stand-ins' phones and payers, the payment page, and the operator's view."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import orjson
import pyotp

from callwaiting.cli.home import Home
from callwaiting.cli.runtime import worker_runtime
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.audit import repository as audit_trail
from callwaiting.features.audit import verify as audit_proof
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.reception import service as reception
from callwaiting.features.webhooks.repository import EventFacts, EventFilter, list_events

PATIENCE_S = 60.0
LINK = re.compile(r"https?://\S+/p/[\w-]+")
AMOUNT = re.compile(r"\$\d+\.\d\d")

Found = TypeVar("Found")


class StoryBroken(Exception):
    """A step is not as it must be."""


class NotRunning(Exception):
    """There is no system with a demo merchant to play against."""


def wait_for(what: str, look: Callable[[], Found | None], *, seconds: float = PATIENCE_S) -> tuple[Found, float]:
    """(what `look` found, seconds waited). Raises StoryBroken when it does not come."""
    began = time.monotonic()
    while True:
        found = look()
        waited = time.monotonic() - began
        if found is not None:
            return found, waited
        if waited > seconds:
            raise StoryBroken(f"{what} did not come within {seconds:g} s")
        time.sleep(0.05)


class World:
    """The running system as a caller, a payer and an operator see it."""

    def __init__(self, home: Home) -> None:
        try:
            self._story = home.story.open("rb")
            story = orjson.loads(self._story.read())
            sandbox = orjson.loads((home.sandbox / "config.json").read_bytes())
        except FileNotFoundError as error:
            raise NotRunning(f"no demo merchant in {home.path}: start with `make run` or `callwaiting up`") from error
        except PermissionError as error:
            raise NotRunning(f"{home.path} belongs to another account") from error
        self.merchant_id = UUID(story["merchant_id"])
        self.number: str = story["number"]
        self.business_line: str = story["business_line"]
        self._owner: dict[str, str] = story["owner"]
        self._base_url: str = story["base_url"]
        self._sandbox = httpx.Client(base_url=sandbox["public_base_url"] + "/_sandbox", timeout=15)
        self._browser = httpx.Client(timeout=15, follow_redirects=False)
        self._token: dict[str, Any] = {}
        self._runtime = worker_runtime(DatabaseRole.AUDIT, data_dir=home.path)

    def require_alone(self) -> None:
        """The demo counts what happens, so a second one at the same time would see both stories. Raises NotRunning."""
        try:
            fcntl.flock(self._story, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotRunning("another demo is being played here: wait until it has ended") from error

    def close(self) -> None:
        self._story.close()
        self._sandbox.close()
        self._browser.close()
        self._runtime.close()

    def require_running(self) -> None:
        """Raises NotRunning when the web server or the stand-ins do not answer."""
        try:
            self._sandbox.get("/health").raise_for_status()
            self._browser.get(self._base_url + "/health/ready").raise_for_status()
        except httpx.HTTPError as error:
            raise NotRunning("the system is not running: start with `make run` or `callwaiting up`") from error

    def turn_to(self, number: str) -> None:
        """Ring another business's number from now on; the account rents it if it has not yet. Raises NotRunning when
        the number is nobody's."""
        with self._runtime.database.unit_of_work(SystemScope("call", actor="operator")) as session:
            owner = phone_numbers.owner_of(session, number)
        if owner is None:
            raise NotRunning(f"no business has the number {number}: its owner adds it by POST /api/v1/phone-numbers")
        with self._runtime.database.unit_of_work(MerchantScope(owner.merchant_id, actor="operator")) as session:
            self.business_line = reception.desk(session).business_line or ""
        self._ask("PUT", f"/numbers/{number}")
        self.number, self.merchant_id = number, owner.merchant_id

    # --- the caller ---------------------------------------------------------------------------------------------

    def ring(self, caller: str) -> dict[str, Any]:
        return self._ask("POST", "/calls", {"from": caller, "to": self.number, "forwarded_from": self.business_line})

    def take_turn(self, call_sid: str, **said: str) -> dict[str, Any]:
        return self._ask("POST", f"/calls/{call_sid}/turn", said)

    def hang_up(self, call_sid: str) -> dict[str, Any]:
        return self._ask("POST", f"/calls/{call_sid}/hangup", {})

    def text(self, caller: str, body: str) -> dict[str, Any]:
        return self._ask("POST", f"/phones/{caller}/text", {"to": self.number, "body": body})

    def received(self, caller: str) -> list[str]:
        """The texts that this phone has received, oldest first."""
        messages = self._ask("GET", f"/phones/{caller}")["messages"]
        return [message["body"] for message in messages if message["how"] == "received"]

    # --- the payer ----------------------------------------------------------------------------------------------

    def page(self, link: str) -> str:
        return self._browser.get(link).raise_for_status().text

    def go_to_checkout(self, link: str, provider: str) -> str:
        """Press the page's button; returns the provider's address."""
        answer = self._browser.post(link, data={"provider": provider}, headers={"Origin": self._base_url})
        if answer.status_code != 303:
            raise StoryBroken(f"the payment page answered {answer.status_code} instead of 303")
        return answer.headers["Location"]

    def pay(self, checkout: str) -> str:
        """Pay or approve on the provider's page; returns where it sends the browser."""
        self._browser.get(checkout).raise_for_status()
        answer = self._browser.post(checkout, data={"choice": "pay"})
        if answer.status_code != 303:
            raise StoryBroken(f"{urlsplit(checkout).path} answered {answer.status_code} instead of 303")
        return answer.headers["Location"]

    # --- the owner ----------------------------------------------------------------------------------------------

    def sign_in(self) -> str:
        """As the owner, over HTTP, with a code; returns the name of the business that the access token is for."""
        credentials = {key: self._owner[key] for key in ("email", "password")}
        asked = self._ask_api("POST", "/auth/sign-in", credentials)
        if asked.json().get("code") != "AUTH_MFA_REQUIRED":
            raise StoryBroken(f"the password alone was answered by {asked.status_code}")
        totp, now = pyotp.TOTP(self._owner["totp_secret"]), datetime.now(UTC)
        # A code is good once: the demo may be played again before the next, which is good already.
        for code in (totp.at(now), totp.at(now + timedelta(seconds=30))):
            entered = self._ask_api("POST", "/auth/sign-in/code", {"code": code})
            if entered.is_success:
                break
        else:
            raise StoryBroken("both codes of now have been used: please try again in half a minute")
        self._token = entered.json()
        return str(self._api("GET", "/merchant")["name"])

    def orders(self) -> list[dict[str, Any]]:
        """As the API shows them to the owner, newest first."""
        found: list[dict[str, Any]] = self._api("GET", "/orders")["items"]
        return found

    def waits_until(self, kind: str) -> str | None:
        """When the newest text of this kind will be sent, if it waits for the end of quiet hours."""
        texts = [text for text in self._api("GET", "/messages")["items"] if text["kind"] == kind]
        return str(texts[0]["send_after"]) if texts and texts[0]["send_after"] else None

    def give_back(self, order_id: str, *, minor: int) -> dict[str, Any]:
        """Give back a part of the payment of an order; the refund as the API shows it."""
        (payment,) = self._api("GET", f"/payments?order_id={order_id}")["items"]
        body = {"amount": {"amount": minor, "currency": payment["amount"]["currency"]}}
        made: dict[str, Any] = self._api("POST", f"/payments/{payment['id']}/refunds", body)
        return made

    def refund_state(self, refund_id: str) -> str:
        return str(self._api("GET", f"/refunds/{refund_id}")["state"])

    def test_forwarding(self) -> str | None:
        """Where to look at a new test of the number's forwarding; None when there were enough today."""
        path = f"/phone-numbers/{self._api('GET', '/phone-numbers')['items'][0]['id']}/forwarding-tests"
        answer = self._ask_api("POST", path)
        if answer.status_code == 429:
            return None
        if answer.is_error:
            raise StoryBroken(f"the API answered {answer.status_code} to {path}: {answer.text[:200]}")
        return f"{path}/{answer.json()['id']}"

    def forwarding_test(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self._api("GET", path)
        return found

    def sign_out(self) -> None:
        """Raises StoryBroken when the access token is good for another request."""
        self._api("POST", "/auth/sign-out-everywhere")
        if self._ask_api("GET", "/orders").status_code != 401:
            raise StoryBroken("the access token still works after signing out")

    def _api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._ask_api(method, path, body)
        if answer.is_error:
            raise StoryBroken(f"the API answered {answer.status_code} to {path}: {answer.text[:200]}")
        return answer.json() if answer.content else None

    def _ask_api(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token['access_token']}"} if self._token else {}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid4())
        return self._browser.request(method, f"{self._base_url}/api/v1{path}", json=body, headers=headers)

    # --- the operator -------------------------------------------------------------------------------------------

    def events_since(self, since: datetime) -> list[EventFacts]:
        """Stored events, oldest first."""
        scope = SystemScope("demo", actor="operator")
        with self._runtime.database.unit_of_work(scope, DatabaseRole.SERVICE) as session:
            return list(reversed(list_events(session, EventFilter(since=since), limit=200)))

    def audit_since(self, since: datetime) -> list[audit_trail.Entry]:
        with self._runtime.database.unit_of_work(SystemScope("demo", actor="operator"), DatabaseRole.AUDIT) as session:
            wanted = audit_trail.Filter(merchant_id=self.merchant_id, since=since)
            return audit_trail.entries(session, wanted, limit=200)

    def verify_audit(self) -> int:
        """The number of links that hold. Raises StoryBroken when one does not."""
        with self._runtime.database.unit_of_work(SystemScope("demo", actor="operator"), DatabaseRole.AUDIT) as session:
            verdict = audit_proof.verify(session)
        if verdict.fault:
            raise StoryBroken(f"the audit chain is broken at {verdict.fault}")
        return verdict.links

    def acknowledged(self) -> list[dict[str, Any]]:
        """The provider's own record of what it delivered: `event_id`, `event_type`, and `ms` until our answer."""
        return [item for item in self._ask("GET", "/deliveries")["deliveries"] if item["status"]]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._sandbox.request(method, path, json=body)
        if answer.status_code >= 400:
            raise StoryBroken(f"the stand-in answered {answer.status_code} to {path}: {answer.text[:200]}")
        found: dict[str, Any] = answer.json()
        return found
