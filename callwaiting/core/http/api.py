"""The JSON API: one declaration says everything about a route, and one wrapper does all but its work.

    api = Api("orders")

    @api.get("/orders", requires="orders.read", query=OrderQuery, answers=Page[OrderFace])
    def newest(session: Session, query: OrderQuery) -> Page[OrderFace]: ...

The function gets what its parameters name: `session` (one unit of work in the principal's scope, committed after it
returns), `query`, `body`, `version` (that of If-Match), `key` (the Idempotency-Key, where it sees itself to it that a
second time does nothing), and the parts of the path. Without a `session` parameter it
runs outside of any transaction; that the principal may still come in is then asked in one of its own, before. Its
docstring's first line is the summary in the API's description.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from flask import Blueprint, Response, request
from pydantic import BaseModel
from typing_extensions import TypeVar

from callwaiting.core.errors import ErrorCode, NotFound
from callwaiting.core.http import auth, etags, idempotency
from callwaiting.core.http.auth import AccessPolicy
from callwaiting.core.http.context import database
from callwaiting.core.http.idempotency import Answer
from callwaiting.core.http.parsing import read_body, read_query
from callwaiting.core.http.permissions import PERMISSIONS, TEAM
from callwaiting.core.http.rate_limits import Budget
from callwaiting.core.http.schemas import Schema
from callwaiting.core.tenancy import Scope, SystemScope

PREFIX = "/api/v1"
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Answers = TypeVar("Answers", bound=BaseModel | None, default=None)
Work = Callable[..., Answers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a `download` answers with. `parts` are sent one after the other, each when it is made: outside of the
    request, whose deadline is for the first of them."""

    media_type: str
    filename: str
    parts: Iterable[bytes]
    version: int | None = None


class NoParameters(Schema):
    """A route that takes no query parameters refuses all."""


class NoBody(Schema):
    """A route that takes no body accepts an empty object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route as it was declared. `refuses` are the error codes beyond those that follow from the rest."""

    method: Method
    rule: str
    tag: str
    name: str
    summary: str
    description: str
    policy: AccessPolicy
    query: type[Schema]
    body: type[Schema]
    answers: type[BaseModel] | None
    media: tuple[str, ...]
    status: int
    idempotent: bool
    keyed: bool
    if_match: bool
    refuses: frozenset[ErrorCode]
    budget: Budget | None


class Api:
    """The routes of one slice under /api/v1; register its `blueprint`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.blueprint = Blueprint(name, __name__, url_prefix=PREFIX)

    def get(
        self,
        rule: str,
        *,
        answers: type[Answers],
        requires: str | None = None,
        public: str | None = None,
        query: type[Schema] = NoParameters,
        step_up: bool = False,
        refuses: Collection[ErrorCode] = (),
        budget: Budget | None = None,
    ) -> Callable[[Work[Answers]], Work[Answers]]:
        """`budget`: a tighter limit than that of all requests (`rate_limits`)."""
        return self._route(
            "GET", rule, answers, requires, public, query=query, step_up=step_up, refuses=frozenset(refuses),
            budget=budget,
        )  # fmt: skip

    def download(
        self,
        rule: str,
        *,
        media: tuple[str, ...],
        requires: str,
        query: type[Schema] = NoParameters,
        step_up: bool = False,
        refuses: Collection[ErrorCode] = (),
        budget: Budget | None = None,
    ) -> Callable[[Callable[..., Download]], Callable[..., Download]]:
        """A file, of one of the types `media`. With a `session` its parts are made within that one transaction."""
        return self._route(
            "GET", rule, None, requires, query=query, media=media, step_up=step_up, refuses=frozenset(refuses),
            budget=budget,
        )  # fmt: skip

    def post(
        self,
        rule: str,
        *,
        answers: type[Answers] | None = None,
        requires: str | None = None,
        public: str | None = None,
        query: type[Schema] = NoParameters,
        body: type[Schema] = NoBody,
        status: int | None = None,
        step_up: bool = False,
        idempotent: bool = True,
        if_match: bool = False,
        refuses: Collection[ErrorCode] = (),
        budget: Budget | None = None,
    ) -> Callable[[Work[Answers]], Work[Answers]]:
        """`idempotent` requires an Idempotency-Key and a merchant's principal; switch it off where a second time does
        no harm or an answer must not be kept. `budget` as for `get`."""
        return self._route(
            "POST", rule, answers, requires, public, query=query, body=body, status=status, step_up=step_up,
            idempotent=idempotent, if_match=if_match, refuses=frozenset(refuses), budget=budget,
        )  # fmt: skip

    def put(
        self,
        rule: str,
        *,
        answers: type[Answers] | None = None,
        requires: str,
        body: type[Schema],
        step_up: bool = False,
        if_match: bool = True,
        refuses: Collection[ErrorCode] = (),
    ) -> Callable[[Work[Answers]], Work[Answers]]:
        return self._route(
            "PUT", rule, answers, requires, body=body, step_up=step_up, if_match=if_match, refuses=frozenset(refuses)
        )

    def patch(
        self,
        rule: str,
        *,
        answers: type[Answers] | None = None,
        requires: str,
        body: type[Schema],
        step_up: bool = False,
        if_match: bool = True,
        refuses: Collection[ErrorCode] = (),
    ) -> Callable[[Work[Answers]], Work[Answers]]:
        return self._route(
            "PATCH", rule, answers, requires, body=body, step_up=step_up, if_match=if_match, refuses=frozenset(refuses)
        )

    def delete(
        self,
        rule: str,
        *,
        answers: type[Answers] | None = None,
        requires: str,
        step_up: bool = False,
        if_match: bool = False,
        refuses: Collection[ErrorCode] = (),
    ) -> Callable[[Work[Answers]], Work[Answers]]:
        return self._route(
            "DELETE", rule, answers, requires, step_up=step_up, if_match=if_match, refuses=frozenset(refuses)
        )

    def _route(
        self,
        method: Method,
        rule: str,
        answers: type[Any] | None,
        requires: str | None = None,
        public: str | None = None,
        *,
        query: type[Schema] = NoParameters,
        body: type[Schema] = NoBody,
        media: tuple[str, ...] = (),
        status: int | None = None,
        step_up: bool = False,
        idempotent: bool = False,
        if_match: bool = False,
        refuses: frozenset[ErrorCode] = frozenset(),
        budget: Budget | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        if (requires is None) == (public is None):
            raise TypeError(f"{rule}: name a permission or the reason why it is public")
        if idempotent and (requires is None or not PERMISSIONS.get(requires, TEAM) <= TEAM):
            raise TypeError(f"{rule}: an Idempotency-Key is kept for a merchant, whom not everybody here has")

        def declare(work: Callable[..., Any]) -> Callable[..., Any]:
            summary, _, description = (inspect.getdoc(work) or "").partition("\n")
            policy = AccessPolicy("public", public or "") if requires is None else None
            operation = Operation(
                method=method, rule=rule, tag=self.name, name=work.__name__, summary=summary.rstrip("."),
                description=description.strip(), policy=policy or AccessPolicy("requires", requires or "", step_up),
                query=query, body=body, answers=answers, media=media,
                status=status or (200 if answers or media else 204), idempotent=idempotent,
                keyed=idempotent or "key" in inspect.signature(work).parameters, if_match=if_match, refuses=refuses,
                budget=budget,
            )  # fmt: skip
            view = _view(operation, work)
            view.access_policy = operation.policy  # type: ignore[attr-defined]  # read by `auth.enforce`
            view.budget = operation.budget  # type: ignore[attr-defined]  # read by the limiter
            view.operation = operation  # type: ignore[attr-defined]  # read by the API's description
            self.blueprint.add_url_rule(rule, work.__name__, view, methods=[method])
            return work

        return declare


def _view(operation: Operation, work: Work[Any]) -> Callable[..., Response]:
    """The Flask view around a route's function."""
    wanted = inspect.signature(work).parameters.keys()
    if operation.idempotent and "session" not in wanted:
        raise TypeError(f"{operation.rule}: what is idempotent happens in one transaction")
    reading = operation.method == "GET"
    takes_body = operation.method in {"POST", "PUT", "PATCH"}

    def view(**arguments: Any) -> Response:
        if any(isinstance(part, str) and "\0" in part for part in arguments.values()):
            raise NotFound("U+0000 in the path")
        key = idempotency.sent_key() if operation.keyed else ""
        version = etags.expected_version() if operation.if_match else None
        query = read_query(operation.query)
        body = _body(operation.body) if takes_body else NoBody()
        given = {"query": query, "body": body, "version": version, "key": key}
        arguments.update((name, value) for name, value in given.items() if name in wanted)
        scope = _scope(operation.policy)
        if "session" not in wanted:
            if operation.policy.kind == "requires":
                with database().unit_of_work(scope) as session:
                    session.connection()
            made = work(**arguments)
            return _send(made) if isinstance(made, Download) else _respond(_answer(operation, made))
        with database().unit_of_work(scope, reading=reading) as session:
            if not reading:
                session.connection()  # the transaction begins, and with it the scope is set and judged
            arguments["session"] = session
            if operation.media:
                file = work(**arguments)
                return _send(replace(file, parts=[b"".join(file.parts)]))
            if not operation.idempotent:
                answer = _answer(operation, work(**arguments))
            else:
                sent = f"{request.method} {request.path}\n{query.model_dump_json()}\n{body.model_dump_json()}"
                answer = idempotency.once(session, key, sent.encode(), lambda: _answer(operation, work(**arguments)))
        return _respond(answer)

    view.__name__ = work.__name__
    return view


def _body(schema: type[Schema]) -> Schema:
    if schema is NoBody and not request.content_length:
        return NoBody()
    return read_body(schema)


def _scope(policy: AccessPolicy) -> Scope:
    return SystemScope(policy.name) if policy.kind == "public" else auth.principal().scope


def _answer(operation: Operation, made: BaseModel | None) -> Answer:
    if made is None:
        return Answer(operation.status, b"")
    return Answer(operation.status, made.__pydantic_serializer__.to_json(made), etags.etag_of(made))


def _respond(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if answer.status == 204:
        del response.headers["Content-Type"]
    if answer.etag is not None:
        response.headers["ETag"] = answer.etag
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _send(file: Download) -> Response:
    """A file that no browser shows as a page, whatever is in it."""
    response = Response(file.parts, content_type=file.media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="{file.filename}"'
    if file.version is not None:
        response.headers["ETag"] = f'"v{file.version}"'
    return response
