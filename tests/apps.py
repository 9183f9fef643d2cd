"""Applications of the tests' own making, closed when they are done with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask

from callwaiting.core.settings import Settings
from callwaiting.factory import create_app


@contextmanager
def opened_app(settings: Settings, *more: Callable[[Flask], None]) -> Iterator[Flask]:
    """An application as a process has it; `more` may add routes to it. In the end no thread or connection is left."""
    app = create_app(settings)
    for change in more:
        change(app)
    try:
        yield app
    finally:
        app.extensions["webhooks"].close()
        app.extensions["database"].dispose()


@contextmanager
def left_as_it_was(app: Flask) -> Iterator[None]:
    """Fails for a test that has changed an application which others use after it."""
    before = _seen(app)
    yield
    _forget_rejections(app)
    assert _seen(app) == before, "a test changed the shared application; it should take `fresh_app`"


def _forget_rejections(app: Flask) -> None:
    """What waits to be written is about sources that the next test does not have."""
    rejections = app.extensions["webhooks"].rejections
    with rejections._lock:
        rejections._counts.clear()
        rejections._changed.clear()


def _seen(app: Flask) -> tuple[object, ...]:
    parts = {name: id(part) for name, part in app.extensions.items()}
    database, receiver = app.extensions["database"], app.extensions["webhooks"]
    wired = id(database._after_commit), id(receiver.certificates), id(receiver.sources), id(receiver.inbox)
    return dict(app.config), parts, dict(database._urls), dict(database.info), wired
