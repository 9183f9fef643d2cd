"""`/api/v1/booking-services`, `/booking-rules`, `/booking-holidays`, `/booking-special-days` and a resource's week."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.bookings import hours, resources, rules, services, special_days
from callwaiting.features.bookings.availability import Opening
from callwaiting.features.bookings.services import Description
from callwaiting.features.bookings.setup_schemas import (
    HolidayQuery,
    HolidaysFace,
    ResourceWeekBody,
    ResourceWeekFace,
    RulesBody,
    RulesFace,
    ServiceBody,
    ServiceFace,
    SpecialDayBody,
    SpecialDayFace,
    SpecialDayMade,
    SpecialDayQuery,
)
from callwaiting.features.merchants.hours import Period

api = Api("booking-setup")
SERVICE = "/booking-services/<uuid:service_id>"
HOURS = "/booking-resources/<uuid:resource_id>/hours"
SPECIAL_DAY = "/booking-special-days/<uuid:special_day_id>"


@api.get("/booking-services", requires="bookings.read", query=PageQuery, answers=Page[ServiceFace])
def services_by_name(session: Session, query: PageQuery) -> Page[ServiceFace]:
    """Services, by name."""
    rows = services.by_name(session, after=query.position(str, UUID), limit=query.limit + 1)
    return Page[ServiceFace].of(rows, query, key=lambda row: (row.name, row.id))


@api.post("/booking-services", requires="merchant.write", body=ServiceBody, answers=ServiceFace, status=201)
def add_service(session: Session, body: ServiceBody) -> ServiceFace:
    """Add a service."""
    service_id = services.add_service(session, _description(body))
    return ServiceFace.model_validate(services.service(session, service_id))


@api.get(SERVICE, requires="bookings.read", answers=ServiceFace)
def one_service(session: Session, service_id: UUID) -> ServiceFace:
    """One service."""
    return ServiceFace.model_validate(services.service(session, service_id))


@api.put(SERVICE, requires="merchant.write", body=ServiceBody, answers=ServiceFace)
def change_service(session: Session, service_id: UUID, body: ServiceBody, version: int) -> ServiceFace:
    """Change a service as a whole. What was booked keeps its length."""
    services.change_service(session, service_id, version, _description(body))
    return ServiceFace.model_validate(services.service(session, service_id))


@api.get(HOURS, requires="bookings.read", answers=ResourceWeekFace)
def week(session: Session, resource_id: UUID) -> ResourceWeekFace:
    """A resource's own week; no periods when it follows the business's hours."""
    version = resources.resource(session, resource_id).version
    periods = [_period(period) for period in hours.week_of(session, resource_id)]
    return ResourceWeekFace.model_validate({"periods": periods, "version": version})


@api.put(HOURS, requires="merchant.write", body=ResourceWeekBody, answers=ResourceWeekFace)
def replace_week(session: Session, resource_id: UUID, body: ResourceWeekBody, version: int) -> ResourceWeekFace:
    """Give a resource a week of its own. What was booked stays."""
    periods = [
        Period(period.weekday, time.fromisoformat(period.opens), time.fromisoformat(period.closes))
        for period in body.periods
    ]
    hours.replace_week(session, resource_id, version, periods)
    return week(session, resource_id)


@api.get("/booking-rules", requires="bookings.read", answers=RulesFace)
def one_rules(session: Session) -> RulesFace:
    """The rules of bookings: public holidays, notice, reminders."""
    return RulesFace.model_validate(_rules(session))


@api.put("/booking-rules", requires="merchant.write", body=RulesBody, answers=RulesFace)
def change_rules(session: Session, body: RulesBody, version: int) -> RulesFace:
    """Change the rules as a whole."""
    rules.change_rules(session, version, **body.model_dump())
    return RulesFace.model_validate(_rules(session))


@api.get("/booking-holidays", requires="bookings.read", query=HolidayQuery, answers=HolidaysFace)
def holidays(session: Session, query: HolidayQuery) -> HolidaysFace:
    """The public holidays of a year, and whether the business is closed on each."""
    found = rules.holidays_of(session, query.year)
    return HolidaysFace.model_validate(
        {"items": [{"day": item.day, "names": list(item.names), "closed": item.closed} for item in found]}
    )


@api.get("/booking-special-days", requires="bookings.read", query=SpecialDayQuery, answers=Page[SpecialDayFace])
def special_days_by_day(session: Session, query: SpecialDayQuery) -> Page[SpecialDayFace]:
    """Days with other hours, or none, in their order."""
    rows = special_days.by_day(session, since=query.since, after=query.position(date, UUID), limit=query.limit + 1)
    return Page[SpecialDayFace].of(rows, query, key=lambda row: (row.day, row.id))


@api.post(
    "/booking-special-days",
    requires="bookings.write",
    body=SpecialDayBody,
    answers=SpecialDayMade,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add_special_day(session: Session, body: SpecialDayBody) -> SpecialDayMade:
    """Close on a day, or open at other hours. 409 when the day has other hours already."""
    change = special_days.add_special_day(
        session,
        day=body.day,
        resource_id=body.resource_id,
        openings=[
            Opening(time.fromisoformat(period.opens), time.fromisoformat(period.closes)) for period in body.periods
        ],
        note=body.note,
        bookings=body.bookings,
    )
    face = SpecialDayFace.model_validate(special_days.special_day(session, change.id))
    return SpecialDayMade(**face.model_dump(), outside=change.outside, cancelled=change.cancelled)


@api.get(SPECIAL_DAY, requires="bookings.read", answers=SpecialDayFace)
def one_special_day(session: Session, special_day_id: UUID) -> SpecialDayFace:
    """One day with other hours."""
    return SpecialDayFace.model_validate(special_days.special_day(session, special_day_id))


@api.delete(SPECIAL_DAY, requires="bookings.write")
def remove_special_day(session: Session, special_day_id: UUID) -> None:
    """The day has its usual hours again. Bookings that were cancelled stay so."""
    special_days.remove_special_day(session, special_day_id)


def _description(body: ServiceBody) -> Description:
    return Description(
        name=body.name,
        minutes=body.minutes,
        step_minutes=body.step_minutes,
        buffer_before=body.buffer_before,
        buffer_after=body.buffer_after,
        price=body.price.money(),
        deposit=body.deposit.money() if body.deposit else None,
        capacity=body.capacity,
        active=body.active,
        resource_ids=tuple(body.resource_ids),
        tax_rate_id=body.tax_rate_id,
    )


def _period(period: Period) -> dict[str, object]:
    return {"weekday": period.weekday, "opens": period.opens, "closes": period.closes}


def _rules(session: Session) -> dict[str, object]:
    found = rules.rules_of(session)
    return {
        "holiday_country": found.holiday_country,
        "holiday_region": found.holiday_region,
        "open_holidays": list(found.open_holidays),
        "notice_minutes": found.notice_minutes,
        "reminder_minutes": found.reminder_minutes,
        "deposit_minutes": found.deposit_minutes,
        "version": found.version,
    }
