"""`/api/v1/setup`."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.features.setup import service
from callwaiting.features.setup.schemas import SetupFace, StepFace

api = Api("setup")


@api.get("/setup", requires="merchant.read", answers=SetupFace)
def status(session: Session) -> SetupFace:
    """What is set up, and what is left to do, in the order in which it is done."""
    found = service.steps(session)
    return SetupFace(
        ready=all(step.done for step in found if step.needed),
        open=sum(not step.done for step in found),
        steps=[StepFace.model_validate(step) for step in found],
    )
