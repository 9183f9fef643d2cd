"""The common ground of Stripe's API: keys, accounts, error bodies, idempotent answers, lists."""

from __future__ import annotations

import functools
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec
from urllib.parse import parse_qsl

from flask import Response, jsonify, request

from callwaiting.sandbox.context import fingerprint, sandbox
from callwaiting.sandbox.store import Row, new_id
from callwaiting.sandbox.stripe_forms import BadForm, Form, parse

P = ParamSpec("P")


class StripeRefusal(Exception):
    """An error that Stripe would answer (docs.stripe.com/api/errors)."""

    def __init__(self, message: str, *, status: int = 400, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.type = "idempotency_error" if code == "idempotency_error" else "invalid_request_error"
        self.code = "" if code == "idempotency_error" else code
        self.param = param


def problem(status: int, kind: str, message: str, code: str = "", param: str = "") -> Response:
    body = {"type": kind, "message": message, "code": code, "param": param}
    answer = jsonify({"error": {name: value for name, value in body.items() if value}})
    answer.status_code = status
    return answer


def refusal(error: StripeRefusal) -> Response:
    return problem(error.status, error.type, str(error), error.code, error.param)


def authenticate() -> None:
    """Check the secret key, which comes as a bearer token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip().encode()
    if not any(hmac.compare_digest(given, key.encode()) for key in sandbox().config.stripe.api_keys):
        raise StripeRefusal("Invalid API Key provided.", status=401)
    account = request.headers.get("Stripe-Account", "")
    if account and not account.startswith("acct_"):
        raise StripeRefusal("The account header does not name an account.", status=403, code="account_invalid")


def account() -> str:
    """The connected account that the request acts for; empty for the platform's own."""
    return request.headers.get("Stripe-Account", "")


def form() -> Form:
    """The nested parameters of a POST."""
    raw = request.get_data()
    try:
        return parse(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=bool(raw)))
    except (BadForm, ValueError):
        raise StripeRefusal("The parameters cannot be parsed.", code="parameter_unknown") from None


def whole(value: object, param: str) -> int:
    """An integer parameter. Raises StripeRefusal."""
    if not isinstance(value, str) or not value.lstrip("-").isdecimal():
        raise StripeRefusal(f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)
    return int(value)


def effect(kind: str) -> Callable[[Callable[P, Row]], Callable[P, Response]]:
    """Make a view an effect: one transaction, counted, and the same answer again for the same Idempotency-Key.

    A key belongs to an account; with other parameters or another path it is refused
    (docs.stripe.com/api/idempotent_requests).
    """

    def decorate(view: Callable[P, Row]) -> Callable[P, Response]:
        @functools.wraps(view)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
            here = sandbox()
            key = request.headers.get("Idempotency-Key", "")
            sent = fingerprint(request.path, request.get_data(as_text=True))
            with here.store.transaction():
                kept = here.store.get("stripe.answers", f"{account()}:{key}") if key else None
                if kept is not None:
                    here.record_effect("stripe", kind, key, took_effect=False)
                    return _replayed(kept, key, sent)
                try:
                    answer = jsonify(view(*args, **kwargs))
                except StripeRefusal as error:
                    answer = refusal(error)
                here.record_effect("stripe", kind, key or sent, took_effect=answer.status_code < 400)
                if key:
                    row = {"sent": sent, "status": answer.status_code, "body": answer.get_data(as_text=True)}
                    here.store.put("stripe.answers", f"{account()}:{key}", row)
                    answer.headers["Idempotency-Key"] = key
                return answer

        return wrapped

    return decorate


def _replayed(kept: Row, key: str, sent: str) -> Response:
    if kept["sent"] != sent:
        raise StripeRefusal(
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            code="idempotency_error",
        )
    answer = jsonify(json.loads(kept["body"]))
    answer.status_code = kept["status"]
    answer.headers["Idempotency-Key"] = key
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def own(table: str, what: str, object_id: str, acting: str) -> dict[str, Any]:
    """A copy of one object of the account. Another account's is as absent as an unknown one."""
    row = sandbox().store.get(table, object_id)
    if row is None or row["account"] != acting:
        raise StripeRefusal(f"No such {what}: '{object_id}'", status=404, code="resource_missing", param="id")
    return dict(row["object"])


def listing(objects: Sequence[Row], url: str) -> dict[str, object]:
    """One page of a list, given newest first: `limit`, `starting_after`, `ending_before`, `created[gte]` …"""
    found = [item for item in objects if _created_fits(item["created"])]
    limit = request.args.get("limit", 10, type=int)
    if not 1 <= limit <= 100:
        raise StripeRefusal("Invalid limit: must be between 1 and 100", param="limit")
    ids = [item["id"] for item in found]
    if after := request.args.get("starting_after"):
        found = found[_index(ids, after, "starting_after") + 1 :]
    elif before := request.args.get("ending_before"):
        newer = found[: _index(ids, before, "ending_before")]
        return {"object": "list", "url": url, "has_more": len(newer) > limit, "data": newer[-limit:]}
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}


def _index(ids: Sequence[str], wanted: str, param: str) -> int:
    if wanted not in ids:
        raise StripeRefusal(f"No such object: '{wanted}'", code="resource_missing", param=param)
    return ids.index(wanted)


def _created_fits(created: int) -> bool:
    bounds = {name: request.args.get(f"created[{name}]", type=int) for name in ("gt", "gte", "lt", "lte")}
    exact = request.args.get("created", type=int)
    gt, gte, lt, lte = bounds["gt"], bounds["gte"], bounds["lt"], bounds["lte"]
    return (
        (exact is None or created == exact)
        and (gt is None or created > gt)
        and (gte is None or created >= gte)
        and (lt is None or created < lt)
        and (lte is None or created <= lte)
    )


def finish(response: Response) -> Response:
    """Every answer names its request."""
    response.headers["Request-Id"] = new_id("req_", 14)
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", sandbox().config.stripe.api_version)
    if account():
        response.headers["Stripe-Account"] = account()
    return response
