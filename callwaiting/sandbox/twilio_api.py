"""Twilio's REST API 2010-04-01, as far as the official client needs it to send, look up and list."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from callwaiting.sandbox import lines
from callwaiting.sandbox import twilio_resources as resources
from callwaiting.sandbox.context import Sandbox, fingerprint, sandbox
from callwaiting.sandbox.faults import inject
from callwaiting.sandbox.store import Row, new_id
from callwaiting.sandbox.twilio_signing import API_VERSION

bp = Blueprint("twilio", __name__, url_prefix=f"/twilio/{API_VERSION}/Accounts")
inject(bp, "twilio", lambda status: _problem(status, 20500, "Injected failure"))

_MAX_BODY = 1600  # characters; above it Twilio answers 21617
_REFUSAL_CODES = range(21000, 22000)


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def _problem(status: int, code: int, message: str) -> Response:
    """Twilio's error body."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    answer = jsonify({"code": code, "message": message, "more_info": more, "status": status})
    answer.status_code = status
    return answer


@bp.errorhandler(_Refused)
def _refused(error: _Refused) -> Response:
    return _problem(error.status, error.code, error.message)


@bp.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return _problem(error.code or 500, 20404 if error.code == 404 else 20001, error.name)


@bp.before_request
def _authenticate() -> None:
    account = sandbox().config.twilio
    given = request.authorization
    ok = (
        given is not None
        and account.auth_token != ""
        and given.username == account.account_sid
        and hmac.compare_digest((given.password or "").encode(), account.auth_token.encode())
    )
    if not ok:
        raise _Refused(401, 20003, "Authenticate")
    if request.view_args is None or request.view_args["account_sid"] != account.account_sid:
        raise _Refused(404, 20404, f"The requested resource {request.path} was not found")


@bp.get("/<account_sid>.json")
def fetch_account(account_sid: str) -> Response:
    return jsonify({"sid": account_sid, "friendly_name": "Sandbox", "status": "active", "type": "Trial"})


@bp.post("/<account_sid>/Messages.json")
def create_message(account_sid: str) -> tuple[Response, int]:
    """Take a message to send. There is no idempotency key: each request is one more text message."""
    here = sandbox()
    to, sender, body = (request.form.get(name, "") for name in ("To", "From", "Body"))
    _check_message(here, to, sender, body)
    row = add_message(here, "outbound-api", sender, to, body, request.form.get("StatusCallback", ""))
    here.record_effect("twilio", "message", fingerprint(to, sender, body), took_effect=True)
    return jsonify(resources.message(row, row["created"])), 201


@bp.get("/<account_sid>/Messages/<sid>.json")
def fetch_message(account_sid: str, sid: str) -> Response:
    row = sandbox().store.get("messages", sid)
    if row is None:
        raise _Refused(404, 20404, f"The requested resource {request.path} was not found")
    return jsonify(resources.message(row, time.time()))


@bp.get("/<account_sid>/Messages.json")
def list_messages(account_sid: str) -> Response:
    now = time.time()
    rows = _matching("messages", ("To", "From"), "DateSent")
    return _page("messages", rows, lambda row: resources.message(row, now))


@bp.post("/<account_sid>/Calls.json")
def create_call(account_sid: str) -> tuple[Response, int]:
    """Ring a line. There is no idempotency key: each request is one more call."""
    here = sandbox()
    to, sender = request.form.get("To", ""), request.form.get("From", "")
    _check_call(here, to, sender)
    row = lines.place_call(here, sender, to, request.form.get("StatusCallback", ""))
    here.record_effect("twilio", "call", fingerprint(to, sender), took_effect=True)
    return jsonify(resources.call(row)), 201


@bp.get("/<account_sid>/Calls/<sid>.json")
def fetch_call(account_sid: str, sid: str) -> Response:
    row = sandbox().store.get("calls", sid)
    if row is None:
        raise _Refused(404, 20404, f"The requested resource {request.path} was not found")
    return jsonify(resources.call(row))


@bp.get("/<account_sid>/Calls.json")
def list_calls(account_sid: str) -> Response:
    return _page("calls", _matching("calls", ("To", "From", "Status"), "StartTime"), resources.call)


@bp.get("/<account_sid>/Recordings.json")
def list_recordings(account_sid: str) -> Response:
    rows = [row for row in _matching("recordings", ("CallSid",), "DateCreated") if not row.get("removed")]
    return _page("recordings", rows, resources.recording)


@bp.get("/<account_sid>/Recordings/<sid>.wav")
def fetch_sound(account_sid: str, sid: str) -> Response:
    return Response(resources.sound(_recording(sid)), content_type="audio/x-wav")


@bp.delete("/<account_sid>/Recordings/<sid>.json")
def delete_recording(account_sid: str, sid: str) -> Response:
    here = sandbox()
    with here.store.transaction():
        here.store.put("recordings", sid, {**_recording(sid), "removed": True})
    return Response(status=204)


def _recording(sid: str) -> Row:
    row = sandbox().store.get("recordings", sid)
    if row is None or row.get("removed"):
        raise _Refused(404, 20404, f"The requested resource {request.path} was not found")
    return row


def add_message(here: Sandbox, direction: str, sender: str, to: str, body: str, callback: str = "") -> Row:
    """Put a message on both phones and schedule its status callbacks."""
    code = here.config.twilio.failing_numbers.get(to) if direction != "inbound" else None
    row: Row = {
        "sid": new_id("SM"),
        "account_sid": here.config.twilio.account_sid,
        "direction": direction,
        "from": sender,
        "to": to,
        "body": body,
        "created": time.time(),
        "fate": "received" if direction == "inbound" else "undelivered" if code else "delivered",
        "error_code": code,
    }
    here.store.put("messages", row["sid"], row)
    if callback:
        for status, delay in (
            ("queued", 0.0),
            ("sent", resources.SENT_AFTER),
            (row["fate"], resources.SETTLED_AFTER),
        ):
            params = {
                "AccountSid": row["account_sid"],
                "ApiVersion": API_VERSION,
                "From": sender,
                "MessageSid": row["sid"],
                "MessageStatus": status,
                "SmsSid": row["sid"],
                "SmsStatus": status,
                "To": to,
            }
            if code and status == row["fate"]:
                params["ErrorCode"] = str(code)
            here.deliverer.send("twilio", callback, row["sid"], f"message {status}", urlencode(params), {}, delay=delay)
    return row


def _check_message(here: Sandbox, to: str, sender: str, body: str) -> None:
    """Refuse what Twilio refuses, with its codes (twilio.com/docs/api/errors)."""
    account = here.config.twilio
    if not to:
        raise _Refused(400, 21604, "A 'To' phone number is required.")
    if not sender:
        raise _Refused(400, 21603, "A 'From' phone number is required.")
    if not body:
        raise _Refused(400, 21602, "Message body is required.")
    if len(body) > _MAX_BODY:
        raise _Refused(400, 21617, f"The concatenated message body exceeds the {_MAX_BODY} character limit.")
    if not (to.startswith("+") and to[1:].isdigit() and 7 < len(to) <= 16):
        raise _Refused(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if account.numbers and sender not in account.numbers:
        raise _Refused(400, 21606, f"The 'From' phone number provided ({sender}) is not one of this account.")
    code = account.failing_numbers.get(to)
    if code is not None and code in _REFUSAL_CODES:
        what = "Attempt to send to unsubscribed recipient" if code == 21610 else "Recipient refused"
        raise _Refused(400, code, what)


def _check_call(here: Sandbox, to: str, sender: str) -> None:
    account = here.config.twilio
    if not to:
        raise _Refused(400, 21201, "No 'To' number is specified")
    if not sender or (account.numbers and sender not in account.numbers):
        raise _Refused(400, 21210, f"The source phone number provided, {sender}, is not yet verified for your account.")
    if not request.form.get("Twiml") and not request.form.get("Url"):
        raise _Refused(400, 21205, "Url is not a valid URL")
    code = account.failing_numbers.get(to)
    if code is not None and code in _REFUSAL_CODES:
        raise _Refused(400, code, "Recipient refused")


def _matching(table: str, fields: Sequence[str], date: str) -> list[Row]:
    """The rows that the query asks for, newest first. Dates are `X`, `X<` and `X>`, both ends included."""
    names = {"To": "to", "From": "from", "Status": "status", "CallSid": "call_sid"}
    rows = sandbox().store.rows(table)[::-1]
    for name in fields:
        if value := request.args.get(name):
            rows = [row for row in rows if row[names[name]] == value]
    # The dates shown are whole seconds, so that is what is compared.
    if after := _moment(f"{date}>"):
        rows = [row for row in rows if int(row["created"]) >= after]
    if before := _moment(f"{date}<"):
        rows = [row for row in rows if int(row["created"]) <= before]
    if day := _moment(date):
        rows = [row for row in rows if day <= row["created"] < day + 86400]
    return rows


def _moment(name: str) -> float | None:
    value = request.args.get(name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _Refused(400, 20001, f"Invalid parameter {name}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _page(key: str, rows: Sequence[Row], shown: Callable[[Row], dict[str, object]]) -> Response:
    size = min(max(request.args.get("PageSize", 50, type=int), 1), 1000)
    number = max(request.args.get("Page", 0, type=int), 0)
    path = request.path.removeprefix("/twilio")
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in {"Page", "PageToken"}]

    def link(page: int) -> str:
        return f"{path}?{urlencode([*kept, ('Page', page)])}"

    part = rows[number * size : (number + 1) * size]
    return jsonify(
        {
            key: [shown(row) for row in part],
            "first_page_uri": link(0),
            "next_page_uri": link(number + 1) if (number + 1) * size < len(rows) else None,
            "previous_page_uri": link(number - 1) if number else None,
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": max(number * size + len(part) - 1, 0),
            "uri": link(number),
        }
    )
