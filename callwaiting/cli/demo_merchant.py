"""The demo merchant: a pizzeria with a menu, a number, payment accounts and registered webhooks.

Made once; its addresses and its owner's password are kept in the data directory for the demo and for the
sandbox's configuration.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import fields
from datetime import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp
from sqlalchemy.orm import Session

from callwaiting.cli.home import Home, write_private
from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime, build_runtime
from callwaiting.features.accounts import service as people
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings import services
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.catalogue.service import OptionChange
from callwaiting.features.merchants import hours, tax_rates
from callwaiting.features.merchants import service as merchants
from callwaiting.features.orders import codes
from callwaiting.features.orders.totals import Discount
from callwaiting.features.payments import accounts
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.reception import answers
from callwaiting.features.reception import service as reception
from callwaiting.features.webhooks import source_admin

NUMBER = "+14155550100"  # 555-01xx is kept free for fiction
BUSINESS_LINE = "+14155550111"
OWNER_EMAIL, OWNER_NAME = "luigi@example.com", "Luigi"  # RFC 2606 keeps example.com free
OWNER_PHONE = "+14155550166"
STRIPE_ACCOUNT = "acct_1DemoLuigisPizza0"
CLASS = "Pizza class"
DISCOUNT = ("SUMMER10", Discount(basis_points=1000))
OPENS, CLOSES = time(11), time(22)
# What the demo counts on; raise it when that grows. A merchant that is there is its owner's and is left as it is.
FURNISHED = 1
MENU = (("Margherita", 1150, 1, ("plain pizza",)), ("Pepperoni", 1375, 2, ()), ("Cola", 300, 3, ("coke",)))


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
        _open(environment, UUID(story["merchant_id"]))
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
            tax_rates.add(session, name="Sales tax", basis_points=825, inclusive=False, is_default=True)
            phone_numbers.add_number(session, NUMBER, label="Callwaiting")
            _write_menu(session)
            _furnish_bookings(session)
            _furnish_reception(session)
            story = {**story, "furnished": FURNISHED}
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


def _write_menu(session: Session) -> None:
    """Pizzas in two sizes, with up to three toppings, and without what a caller does not like."""
    size = catalogue.add_group(
        session,
        "USD",
        name="Size",
        min_choices=0,
        max_choices=1,
        options=[OptionChange("Small", -200), OptionChange("Large", 300, aliases=("big", "family size"))],
    )
    toppings = catalogue.add_group(
        session,
        "USD",
        name="Toppings",
        min_choices=0,
        max_choices=3,
        options=[
            OptionChange("Extra cheese", 150, aliases=("cheese",)),
            OptionChange("Mushrooms", 125),
            OptionChange("Olives", 100),
            OptionChange("Peppers", 100),
        ],
    )
    for name, price, keypad, aliases in MENU:
        pizza = name != "Cola"
        catalogue.add_item(
            session,
            name=name,
            price_minor=price,
            keypad=keypad,
            aliases=aliases,
            group_ids=(size, toppings) if pizza else (),
            removals=("basil", "onions", "tomato sauce") if pizza else (),
        )


def _furnish_bookings(session: Session) -> None:
    """Tables, and a class that Marco gives; twelve can take part in it."""
    table = bookings.add_resource(session, name="Table", opens=OPENS, closes=CLOSES, slot_minutes=60, units=20, seats=6)
    marco = bookings.add_resource(session, name="Marco", opens=time(15), closes=time(21), slot_minutes=90, units=12)
    for name, minutes, price, resource_id in (("Table", 60, 0, table), (CLASS, 90, 4500, marco)):
        services.add_service(
            session,
            services.Description(
                name=name,
                minutes=minutes,
                step_minutes=30,
                buffer_before=0,
                buffer_after=0,
                price=Money(price, "USD"),
                capacity=None,
                active=True,
                resource_ids=(resource_id,),
            ),
        )


def _open(environment: Mapping[str, str], merchant_id: UUID) -> None:
    """Opening hours and what is sold besides, given as a merchant gives them: by a web process, whose role may."""
    runtime = build_runtime(load(environment), tenant_role=DatabaseRole.WEB)
    try:
        with runtime.database.unit_of_work(MerchantScope(merchant_id, actor="operator")) as session:
            week = hours.week(session)
            if not week.periods:
                daily = [hours.Period(weekday, OPENS, CLOSES) for weekday in range(1, 8)]
                hours.replace_week(session, week.version, daily)
            if not codes.by_code(session, after=None, limit=1):
                _sell(session)
    finally:
        runtime.close()


def _sell(session: Session) -> None:
    """A code that callers name, and a deposit on the class."""
    code, off = DISCOUNT
    codes.add(session, code, off, active=True, ends_at=None, max_uses=None)
    of_class = next(each for each in services.by_name(session, after=None, limit=50) if each.name == CLASS)
    kept = {field.name: getattr(of_class, field.name) for field in fields(services.Description)}
    with_deposit = services.Description(**kept | {"deposit": Money(1500, "USD")})
    services.change_service(session, of_class.id, of_class.version, with_deposit)


def _furnish_reception(session: Session) -> None:
    """What callers can ask for besides a pizza; nobody is really rung."""
    reception.change(
        session,
        1,
        address="12 Mulberry Street, New York",
        business_line=BUSINESS_LINE,
        transfer_to=OWNER_PHONE,
        transfer_when="always",
        voicemail=True,
        record_calls=False,
        language_model=False,
    )
    asked = ("where can I park", "is there parking")
    answers.add(session, topic="Parking", asked=asked, answer="You can park behind the house, free of charge.")


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
