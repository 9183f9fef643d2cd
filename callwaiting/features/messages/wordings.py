"""The merchant's own wordings of the templates, by version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError, PreconditionFailed, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages.models import MessageTemplate
from callwaiting.features.messages.segments import Segments, segments_of
from callwaiting.features.messages.templates import SAMPLES, TEMPLATES, faults, render, template

CURRENT = Statement("""
select body, version from app.message_templates where name = %(name)s order by version desc limit 1
""")


@dataclass(frozen=True, slots=True)
class Wording:
    """How a kind of text is worded now. Version 1 is the built-in one; `own` tells that the merchant wrote it."""

    name: str
    body: str
    version: int
    own: bool
    placeholders: tuple[str, ...]
    mandatory: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A text ready to be sent, and the version of its wording."""

    body: str
    version: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A wording filled in with samples, and what keeps it from being used."""

    text: str
    segments: Segments
    faults: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class Former:
    """One version as it was written; without a body the built-in wording was taken back."""

    version: int
    body: str | None
    created_at: datetime


def compose(session: Session, name: str, values: Mapping[str, str]) -> Composed:
    """Word a text. Raises TemplateNotFound, and KeyError when a placeholder has no value."""
    wording = current(session, name)
    named = {"business": merchants.profile(session).name, **values}
    return Composed(render(wording.body, named), wording.version)


def current(session: Session, name: str) -> Wording:
    """Raises TemplateNotFound."""
    kind = template(name)
    row = CURRENT(session, name=name).one_or_none()
    body = row.body if row is not None and row.body is not None else kind.default
    own = row is not None and row.body is not None
    return Wording(name, body, row.version if row else 1, own, kind.placeholders, kind.mandatory)


def all_current(session: Session) -> list[Wording]:
    return [current(session, name) for name in TEMPLATES]


def preview(session: Session, name: str, body: str) -> Preview:
    """Fill a wording in with samples, without keeping it. Raises TemplateNotFound."""
    kind = template(name)
    found = tuple(faults(kind, body))
    samples = {**SAMPLES, "business": merchants.profile(session).name}
    text = render(body, _Shown(samples))
    return Preview(text, segments_of(text), found)


def change(session: Session, name: str, version: int, body: str | None) -> Wording:
    """Give a kind of text the merchant's own wording, or without a body the built-in one again.

    Raises TemplateNotFound, PreconditionFailed when its version is not `version`, ValidationFailed.
    """
    kind = template(name)
    require_version(current(session, name).version, version)
    if body is not None and (found := list(faults(kind, body))):
        raise ValidationFailed(*found)
    try:
        with session.begin_nested():
            session.add(
                MessageTemplate(
                    merchant_id=merchant_of(session), id=new_id(), name=name, version=version + 1, body=body
                )
            )
    except IntegrityError as error:  # somebody else wrote this version meanwhile
        raise PreconditionFailed(f"version {version} is past") from error
    audit.record(session, "template.changed", subject=f"template:{name}", details={"version": version + 1})
    return current(session, name)


def versions(session: Session, name: str) -> list[Former]:
    """Every version that was written, the latest first. Raises TemplateNotFound."""
    template(name)
    rows = session.scalars(
        select(MessageTemplate).where(MessageTemplate.name == name).order_by(MessageTemplate.version.desc()).limit(100)
    )
    return [Former(row.version, row.body, row.created_at) for row in rows]


class _Shown(dict[str, str]):
    """In a preview an unknown placeholder stands as it was written."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"
