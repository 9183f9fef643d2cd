"""`/api/v1/merchant`: the business that the token names."""

from __future__ import annotations

from datetime import time

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.features.merchants import hours, service
from callwaiting.features.merchants.hours import Period
from callwaiting.features.merchants.schemas import ProfileBody, ProfileFace, WeekBody, WeekFace

api = Api("merchant")


@api.get("/merchant", requires="merchant.read", answers=ProfileFace)
def profile(session: Session) -> ProfileFace:
    """The business's profile."""
    return ProfileFace.model_validate(service.read(session))


@api.put("/merchant", requires="merchant.write", body=ProfileBody, answers=ProfileFace)
def change_profile(session: Session, body: ProfileBody, version: int) -> ProfileFace:
    """Change the business's profile as a whole."""
    return ProfileFace.model_validate(service.change(session, version, **body.model_dump()))


@api.get("/merchant/hours", requires="merchant.read", answers=WeekFace)
def week(session: Session) -> WeekFace:
    """The business's weekly hours."""
    return WeekFace.model_validate(hours.week(session))


@api.put("/merchant/hours", requires="merchant.write", body=WeekBody, answers=WeekFace)
def replace_week(session: Session, body: WeekBody, version: int) -> WeekFace:
    """Replace the business's weekly hours.

    Periods must not overlap; one that runs past midnight belongs to the day on which it begins.
    """
    periods = [
        Period(period.weekday, time.fromisoformat(period.opens), time.fromisoformat(period.closes))
        for period in body.periods
    ]
    return WeekFace.model_validate(hours.replace_week(session, version, periods))
