"""The demo merchant: a pizzeria with a number, payment accounts and registered webhooks; for its shop see `demo_shop`.

Made once, and given what a newer version has besides; its addresses and its owner's password are kept in the data
directory, for the demo and for the sandbox's configuration.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp

from callwaiting.cli.demo_shop import BUSINESS_LINE, PIECES, furnish
from callwaiting.cli.home import Home, write_private
from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime, build_runtime
from callwaiting.features.accounts import service as people
from callwaiting.features.merchants import service as merchants
from callwaiting.features.payments import accounts
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks import source_admin

NUMBER = "+14155550100"  # 555-01xx is kept free for fiction
OWNER_EMAIL, OWNER_NAME = "luigi@example.com", "Luigi"  # RFC 2606 keeps example.com free
STRIPE_ACCOUNT = "acct_1DemoLuigisPizza0"


def seed(home: Home, environment: Mapping[str, str], *, sandbox_url: str | None) -> Mapping[str, str]:
    """Make the demo merchant and its owner unless they are there, and write what the sandbox has to know.

    Returns how the owner signs in: `email`, `password`, `totp_secret`.
    """
    generated = home.secrets()
    story = _known(home)
    runtime = build_runtime(load(environment), tenant_role=DatabaseRole.WORKER)
    try:
        if story.get("base_url") != runtime.settings.public_base_url:
            story = _create(runtime, generated, story)
            write_private(home.story, story)
        furnished = _furnish(environment, story)
        if story.get("furnished") != furnished:
            story["furnished"] = furnished
            write_private(home.story, story)
        if "owner" not in story:
            story["owner"] = _create_owner(runtime, UUID(story["merchant_id"]))
            write_private(home.story, story)
    finally:
        runtime.close()
    home.sandbox.mkdir(exist_ok=True, mode=0o700)
    if sandbox_url:
        write_private(home.sandbox / "config.json", _sandbox_config(generated, story, sandbox_url))
    owner: Mapping[str, str] = story["owner"]
    return owner


def _known(home: Home) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(Path(home.story).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _create(runtime: Runtime, generated: Mapping[str, str], story: Mapping[str, Any]) -> dict[str, Any]:
    """The merchant, if there is none yet, and sources under the present public address."""
    merchant_id = story.get("merchant_id")
    scope = MerchantScope(new_id() if merchant_id is None else UUID(merchant_id), actor="operator")
    with runtime.database.unit_of_work(scope) as session:
        if merchant_id is None:
            merchants.create_merchant(
                session,
                name="Luigi's Pizza",
                timezone="America/New_York",
                currency="USD",
            )
            phone_numbers.add_number(session, NUMBER, label="Callwaiting")
            accounts.add_account(session, "stripe", "test", STRIPE_ACCOUNT)
            accounts.add_account(session, "paypal", "test", "")
        paypal = source_admin.create_source(
            session, provider="paypal", mode="test", webhook_id=generated["paypal_webhook_id"]
        )
    with runtime.database.unit_of_work(SystemScope("demo sources", actor="operator")) as session:
        twilio = source_admin.create_source(
            session,
            provider="twilio",
            mode="test",
            account=generated["twilio_account_sid"],
            secret=generated["twilio_auth_token"],
        )
        stripe = source_admin.create_source(
            session, provider="stripe", mode="test", account="*", secret=generated["stripe_webhook_secret"]
        )
    return dict(story) | {
        "base_url": runtime.settings.public_base_url,
        "merchant_id": str(scope.merchant_id),
        "number": NUMBER,
        "business_line": BUSINESS_LINE,
        "twilio_url": twilio.public_url,
        "stripe_url": stripe.public_url,
        "paypal_url": paypal.public_url,
    }


def _furnish(environment: Mapping[str, str], story: Mapping[str, Any]) -> list[str]:
    """What the shop lacks, given as a merchant gives it: by a web process, whose role may."""
    given = story.get("furnished", ())
    if isinstance(given, int):  # before each piece was noted: all there was then
        given = tuple(PIECES)
    runtime = build_runtime(load(environment), tenant_role=DatabaseRole.WEB)
    try:
        scope = MerchantScope(UUID(story["merchant_id"]), actor="operator")
        with runtime.database.unit_of_work(scope) as session:
            return furnish(session, given)
    finally:
        runtime.close()


def _create_owner(runtime: Runtime, merchant_id: UUID) -> dict[str, str]:
    """With a generated password and authenticator, whose secrets the data directory keeps."""
    password, secret = secrets.token_urlsafe(12), pyotp.random_base32()
    user_id = people.create_owner(runtime.database, merchant_id, email=OWNER_EMAIL, name=OWNER_NAME, password=password)
    people.enrol(runtime.database, user_id, secret)
    return {"email": OWNER_EMAIL, "password": password, "totp_secret": secret}


def _sandbox_config(generated: Mapping[str, str], story: Mapping[str, Any], sandbox_url: str) -> dict[str, Any]:
    twilio_url = story["twilio_url"]
    number = {"voice_url": f"{twilio_url}/voice", "sms_url": f"{twilio_url}/sms", "status_url": twilio_url}
    return {
        "public_base_url": sandbox_url,
        "twilio": {
            "account_sid": generated["twilio_account_sid"],
            "auth_token": generated["twilio_auth_token"],
            "numbers": {story["number"]: number},
            "lines": {story["business_line"]: {"forwards_to": story["number"]}},
        },
        "stripe": {
            "api_keys": [generated["stripe_api_key"]],
            "webhooks": [{"url": story["stripe_url"], "secret": generated["stripe_webhook_secret"], "account": "*"}],
        },
        "paypal": {
            "client_id": generated["paypal_client_id"],
            "client_secret": generated["paypal_client_secret"],
            "webhooks": [{"url": story["paypal_url"], "webhook_id": generated["paypal_webhook_id"]}],
        },
    }
