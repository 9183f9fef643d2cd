"""`/api/v1/calls/ID/recording`: listened to through us, so that no address or password of the provider's leaves."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http import auth
from callwaiting.core.http.api import Api, Download
from callwaiting.core.http.context import database
from callwaiting.features.calls import recordings
from callwaiting.features.calls.errors import RecordingNotFound
from callwaiting.providers.registry import Providers

MEDIA = "audio/x-wav"
api = Api("recordings")
RULE = "/calls/<uuid:call_id>/recording"


@api.download(
    RULE,
    requires="calls.read_content",
    media=(MEDIA,),
    refuses=[ErrorCode.BAD_GATEWAY, ErrorCode.SERVICE_UNAVAILABLE],
)
def listen(call_id: UUID) -> Download:
    """The recording of a call whose caller agreed to it, else that of the message after the tone. Each time is on
    record. 404 when there is none, none yet, or none any more."""
    scope = auth.principal().scope
    telephony = cast(Providers, current_app.extensions["providers"]).telephony
    with database().unit_of_work(scope) as session:
        wanted = recordings.sought(session, call_id)
    # No connection is held while the provider answers.
    found = wanted.of(telephony.recordings(wanted.call_sid))
    if not found:
        raise RecordingNotFound(f"the provider has none of {call_id}")
    with database().unit_of_work(scope) as session:
        recordings.note_heard(session, call_id, found[0].sid)
    parts = telephony.recording(found[0].sid)
    if parts is None:
        raise RecordingNotFound(f"{found[0].sid} is not there")
    return Download(media_type=MEDIA, filename=f"call-{call_id}.wav", parts=parts)


@api.delete(RULE, requires="calls.write", refuses=[ErrorCode.CONFLICT])
def remove(session: Session, call_id: UUID) -> None:
    """Remove all recordings of a call, here at once and at the telephone company soon."""
    recordings.remove(session, call_id)
