"""The overview page: phones with their messages, open checkouts, recent webhooks."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Blueprint, Response, render_template_string
from markupsafe import Markup, escape

from callwaiting.sandbox import calls, checkout, phones
from callwaiting.sandbox.context import sandbox

bp = Blueprint("pages", __name__)

_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_RECENT = 40
REFRESH_SECONDS = 3

LAYOUT = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{% if refresh %}<meta http-equiv="refresh" content="{{ refresh }}">{% endif %}
<title>{{ title }} – sandbox</title>
<style>
:root { color-scheme: light; --ink: #1c2330; --soft: #667085; --line: #e3e7ee; --accent: #2f5bea; --ground: #f5f7fa; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
header { padding: 1rem 1.5rem; background: #fff; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.2rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .6rem; }
section { padding: 1rem 1.5rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
.card { background: #fff; border: 1px solid var(--line); border-radius: .75rem; padding: .9rem; }
.card h3 { margin: 0 0 .5rem; font-size: .95rem; }
.texts { max-height: 22rem; overflow-y: auto; display: flex; flex-direction: column; gap: .4rem; }
.text { max-width: 88%; padding: .45rem .65rem; border-radius: .75rem; background: #eef1f6; overflow-wrap: anywhere; }
.text.sent { align-self: flex-end; background: #dfe8ff; }
.text small, .soft { color: var(--soft); font-size: .78rem; display: block; }
table { width: 100%; border-collapse: collapse; background: #fff; border: 1px solid var(--line); }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); font-size: .85rem; }
td { overflow-wrap: anywhere; } .failed { color: #b42318; } .pending { color: #b54708; }
.pay { max-width: 24rem; margin: 3rem auto; padding: 1.5rem; background: #fff; border: 1px solid var(--line);
  border-radius: .75rem; }
.pay h1 { font-size: 2rem; margin: .5rem 0; } .brand { font-weight: 600; margin: 0; } .pay ul { padding-left: 1.1rem; }
.notice { padding: .6rem .8rem; background: #fff4e5; border-radius: .5rem; }
button { width: 100%; padding: .7rem; margin-top: .6rem; font: inherit; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--accent); background: var(--accent); color: #fff; }
.mail { max-width: 44rem; margin-bottom: 1rem; } .mail .body { white-space: pre-wrap; overflow-wrap: anywhere; }
button.quiet { background: #fff; color: var(--accent); }
</style>"""

_OVERVIEW = (
    LAYOUT
    + """
<header><h1>Sandbox</h1><span class="soft">Twilio, Stripe, PayPal and mail on this machine; no real
money, no real phones.
<a href="/mailbox">Mailbox</a></span></header>
<section><h2>Phones</h2><div class="cards">{% for number, messages in phones.items() %}
<article class="card"><h3>{{ number }}</h3><div class="texts">{% for message in messages %}
<div class="text {{ message.how }}">{{ message.body | linked }}<small>{{ "to" if message.how == "sent" else "from" }}
{{ message.with }} · {{ message.at | clock }} · {{ message.status }}
{%- if message.error_code %} {{ message.error_code }}{% endif %}</small></div>
{% else %}<span class="soft">no messages yet</span>{% endfor %}</div></article>
{% else %}<span class="soft">no phones yet</span>{% endfor %}</div></section>
<section><h2>Calls</h2><table><tr><th>From<th>To<th>Status<th>Seconds</tr>{% for call in calls %}
<tr><td>{{ call.from }}<td>{{ call.to }}<td>{{ call.status }}<td>{{ call.duration }}</tr>{% endfor %}</table></section>
<section><h2>Open checkouts</h2><table><tr><th>Provider<th>Amount<th>Page</tr>{% for item in open %}
<tr><td>{{ item.provider }}<td>{{ item.amount }}<td><a href="{{ item.url }}">{{ item.id }}</a></tr>{% endfor %}</table>
</section>
<section><h2>Recent webhooks</h2><table><tr><th>When<th>Provider<th>Event<th>URL<th>State<th>Status<th>Tries<th>ms</tr>
{% for item in deliveries %}<tr class="{{ item.state }}"><td>{{ item.at | clock }}<td>{{ item.provider }}
<td>{{ item.event_type }}<td>{{ item.url }}<td>{{ item.state }}<td>{{ item.status or "–" }}<td>{{ item.attempts }}
<td>{{ item.ms if item.ms is not none else "–" }}</tr>{% endfor %}</table></section>"""
)


@bp.app_template_filter("linked")
def linked(text: str) -> Markup:
    """Escaped text in which web addresses can be clicked."""
    parts, end = [], 0
    for match in _URL.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{0}">{0}</a>').format(match.group()))
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


@bp.app_template_filter("clock")
def clock(seconds: float | None) -> str:
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


@bp.after_request
def secured(response: Response) -> Response:
    """No scripts and nothing from elsewhere on a page of the sandbox."""
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@bp.get("/")
def overview() -> str:
    here = sandbox()
    return render_template_string(
        _OVERVIEW,
        title="Overview",
        refresh=REFRESH_SECONDS,
        phones=phones.phones(here),
        calls=calls.shown(here)[-_RECENT:][::-1],
        open=_open_checkouts(),
        deliveries=here.deliverer.shown()[-_RECENT:][::-1],
    )


def _open_checkouts() -> list[dict[str, str]]:
    here = sandbox()
    found = []
    for row in here.store.rows("stripe.sessions"):
        current = checkout.find(here, row["object"]["id"])
        if current is not None and current["object"]["status"] == "open":
            session = current["object"]
            amount = checkout.shown_amount(session["amount_total"], session["currency"])
            found.append({"provider": "Stripe", "id": session["id"], "url": session["url"], "amount": amount})
    for row in here.store.rows("paypal.orders"):
        order = row["order"]
        if order["status"] in {"CREATED", "PAYER_ACTION_REQUIRED"}:
            amount = " ".join(order["purchase_units"][0]["amount"][name] for name in ("value", "currency_code"))
            url = f"{here.config.public_base_url}/paypal/approve/{order['id']}"
            found.append({"provider": "PayPal", "id": order["id"], "url": url, "amount": amount})
    return found
