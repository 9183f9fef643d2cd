"""`/api/v1/summaries`: the daily mail."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.core.http.schemas import Amount
from callwaiting.features.summaries import service, summary, texts
from callwaiting.features.summaries.schemas import (
    AttentionFace,
    ChoiceBody,
    ChoiceFace,
    PreviewQuery,
    SettingsBody,
    SettingsFace,
    SummaryFace,
    ToldFace,
    ToldQuery,
)

api = Api("summaries")
NAME = "…"  # the mail greets each by name


@api.get("/summaries", requires="kpis.read", query=ToldQuery, answers=Page[ToldFace])
def newest(session: Session, query: ToldQuery) -> Page[ToldFace]:
    """The days that were told, newest first."""
    rows = service.newest(session, before=query.position(date), limit=query.limit + 1)
    return Page[ToldFace].of([ToldFace.model_validate(row) for row in rows], query, key=lambda row: row.day)


@api.get("/summaries/preview", requires="kpis.read", query=PreviewQuery, answers=SummaryFace)
def preview(session: Session, query: PreviewQuery) -> SummaryFace:
    """A day as the mail about it reads, or would read now."""
    found = summary.of_day(session, query.day)
    figures = found.figures
    return SummaryFace(
        day=found.day,
        missed_calls=figures.missed_calls,
        recovered_calls=figures.recovered_calls,
        orders_paid=found.orders_paid,
        bookings_made=figures.bookings,
        bookings_after=found.bookings_after,
        captured=Amount.of(figures.captured),
        refunded=Amount.of(figures.refunded),
        lost=Amount.of(figures.lost),
        revenue=Amount.of(figures.revenue),
        attention=AttentionFace.model_validate(found.attention),
        empty=found.empty,
        subject=texts.subject(found),
        text=texts.body(found, NAME),
    )


@api.get("/summaries/settings", requires="merchant.read", answers=SettingsFace)
def settings(session: Session) -> SettingsFace:
    """When the business's days are told."""
    return SettingsFace.model_validate(service.settings_of(session))


@api.put("/summaries/settings", requires="merchant.write", body=SettingsBody, answers=SettingsFace)
def change_settings(session: Session, body: SettingsBody, version: int) -> SettingsFace:
    """Change when the business's days are told, or that they are."""
    service.change_settings(session, version, enabled=body.enabled, hour=body.hour)
    return settings(session)


@api.get("/summaries/mine", requires="summaries.choose", answers=ChoiceFace)
def mine(session: Session) -> ChoiceFace:
    """Whether you get the mail. Without a choice owners do."""
    return ChoiceFace.model_validate(service.my_choice(session))


@api.put("/summaries/mine", requires="summaries.choose", body=ChoiceBody, answers=ChoiceFace)
def choose(session: Session, body: ChoiceBody, version: int) -> ChoiceFace:
    """Choose whether you get the mail."""
    service.choose(session, version, mail=body.mail, when_empty=body.when_empty)
    return mine(session)
