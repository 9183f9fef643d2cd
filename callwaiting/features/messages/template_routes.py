"""`/api/v1/message-templates` and `/api/v1/message-settings`: how texts are worded, and who answers keywords."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.features.messages import preferences, wordings
from callwaiting.features.messages.schemas import (
    FormerFace,
    FormersFace,
    PreviewBody,
    PreviewFace,
    SettingsBody,
    SettingsFace,
    WordingBody,
    WordingFace,
    WordingsFace,
)

api = Api("message_templates")
TEMPLATE = "/message-templates/<name>"


@api.get("/message-templates", requires="merchant.read", answers=WordingsFace)
def all_wordings(session: Session) -> WordingsFace:
    """How each kind of text is worded now."""
    return WordingsFace(items=[WordingFace.model_validate(wording) for wording in wordings.all_current(session)])


@api.get(TEMPLATE, requires="merchant.read", answers=WordingFace)
def wording(session: Session, name: str) -> WordingFace:
    """How one kind of text is worded now."""
    return WordingFace.model_validate(wordings.current(session, name))


@api.put(TEMPLATE, requires="merchant.write", body=WordingBody, answers=WordingFace)
def change_wording(session: Session, name: str, body: WordingBody, version: int) -> WordingFace:
    """Word a kind of text anew; null takes the built-in wording back.

    It holds for texts that are planned from now on. What a wording must hold is told by the preview.
    """
    return WordingFace.model_validate(wordings.change(session, name, version, body.body))


@api.get(f"{TEMPLATE}/versions", requires="merchant.read", answers=FormersFace)
def former_wordings(session: Session, name: str) -> FormersFace:
    """The latest hundred versions that were written, newest first."""
    return FormersFace(items=[FormerFace.model_validate(former) for former in wordings.versions(session, name)])


@api.post(f"{TEMPLATE}/preview", requires="merchant.read", body=PreviewBody, answers=PreviewFace, idempotent=False)
def preview_wording(session: Session, name: str, body: PreviewBody) -> PreviewFace:
    """Fill a wording in with samples and count its segments. Nothing is kept."""
    preview = wordings.preview(session, name, body.body)
    return PreviewFace(
        text=preview.text,
        encoding=preview.segments.encoding,
        segments=preview.segments.parts,
        faults=[fault.message for fault in preview.faults],
    )


@api.get("/message-settings", requires="merchant.read", answers=SettingsFace)
def settings(session: Session) -> SettingsFace:
    """What the business has chosen about its texts."""
    return SettingsFace.model_validate(preferences.read(session))


@api.put("/message-settings", requires="merchant.write", body=SettingsBody, answers=SettingsFace)
def change_settings(session: Session, body: SettingsBody, version: int) -> SettingsFace:
    """Say who answers STOP, START and HELP, and whether the assistant answers other texts."""
    return SettingsFace.model_validate(
        preferences.change(
            session,
            version,
            keywords_confirmed_by=body.keywords_confirmed_by,
            assistant_answers=body.assistant_answers,
        )
    )
