"""Telephony by Twilio's REST API and official SDK (twilio.com/docs/messaging/api/message-resource)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from callwaiting.providers.calling import OutgoingCall, PlacedCall
from callwaiting.providers.lists import ListedCall, ListedMessage, ListedRecording
from callwaiting.providers.ports import (
    OutgoingMessage,
    ProviderOutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
    SentMessage,
)

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session
    from twilio.rest import Client
    from twilio.rest.api.v2010.account.call import CallInstance
    from twilio.rest.api.v2010.account.message import MessageInstance

API_BASE = "https://api.twilio.com"
# The newest messages between two numbers; a look-up goes back minutes, not days.
LOOK_UP_LIMIT = 100
PAGE = 1000
PART = 64 * 1024
RING_S = 50  # carriers forward after 30 s at the latest
NOT_FOUND = "20404"


class TwilioTelephony:
    """`Telephony` for one Twilio account. Safe to share between threads."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        base_url: str = API_BASE,
        connect_timeout_s: float = 3.05,
        read_timeout_s: float = 10.0,
    ) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._base_url = base_url.rstrip("/")
        self._timeout = (connect_timeout_s, read_timeout_s)

    def send_message(self, message: OutgoingMessage) -> SentMessage:
        """Send once. Raises ProviderUnavailable when certainly nothing was sent, ProviderOutcomeUnknown when it may
        have been, ProviderRejected with Twilio's code (21610 = opted out) when it never will be."""
        with self._errors():
            sent = self._client.messages.create(
                from_=message.sender,
                to=message.recipient,
                body=message.body,
                status_callback=message.status_callback,
            )
        return _sent(sent)

    def find_message(self, message: OutgoingMessage, since: datetime) -> SentMessage | None:
        """The newest message of the same sender, recipient and body that was made at or after `since` (Twilio keeps
        whole seconds). Twilio's own date filters see only what was already sent, so they are not used."""
        with self._errors():
            candidates = self._client.messages.list(from_=message.sender, to=message.recipient, limit=LOOK_UP_LIMIT)
        earliest = since.astimezone(UTC).replace(microsecond=0)
        for candidate in candidates:
            if candidate.body == message.body and candidate.date_created and candidate.date_created >= earliest:
                return _sent(candidate)
        return None

    def place_call(self, call: OutgoingCall) -> PlacedCall:
        """Ring once, with the errors of `send_message` (twilio.com/docs/voice/api/call-resource). Only the end of the
        call is told to the callback."""
        response = ElementTree.Element("Response")
        ElementTree.SubElement(response, "Say").text = call.says
        with self._errors():
            placed = self._client.calls.create(
                from_=call.caller,
                to=call.called,
                twiml=ElementTree.tostring(response, encoding="unicode"),
                status_callback=call.status_callback,
                status_callback_event=["completed"],
                timeout=RING_S,
            )
        return PlacedCall(str(placed.sid), str(placed.status))

    def find_call(self, call: OutgoingCall, since: datetime) -> PlacedCall | None:
        """The newest of our own between these numbers; one that is queued has no StartTime yet, so Twilio's date
        filters are not used."""
        with self._errors():
            candidates = self._client.calls.list(from_=call.caller, to=call.called, limit=LOOK_UP_LIMIT)
        earliest = since.astimezone(UTC).replace(microsecond=0)
        for found in candidates:
            if found.direction == "outbound-api" and found.date_created and found.date_created >= earliest:
                return PlacedCall(str(found.sid), str(found.status))
        return None

    def call(self, sid: str) -> ListedCall | None:
        try:
            with self._errors():
                return _call(self._client.calls(sid).fetch())
        except ProviderRejected as error:
            if error.provider_code == NOT_FOUND:
                return None
            raise

    def list_calls(self, since: datetime, until: datetime) -> Sequence[ListedCall]:
        """Calls by their start (twilio.com/docs/voice/api/call-resource, StartTime), oldest first."""
        with self._errors():
            listed = self._client.calls.list(start_time_after=since, start_time_before=until, page_size=PAGE)
        return [_call(call) for call in reversed(listed)]

    def recordings(self, call_sid: str) -> Sequence[ListedRecording]:
        """By their call (twilio.com/docs/voice/api/recording); those that are still made or worked on have no sound."""
        with self._errors():
            listed = self._client.recordings.list(call_sid=call_sid, limit=LOOK_UP_LIMIT)
        return [ListedRecording(str(one.sid), str(one.source)) for one in reversed(listed) if one.status == "completed"]

    def recording(self, sid: str) -> Iterable[bytes] | None:
        """The media of a recording has no method in the SDK: its address is that of the resource, with the format for
        an end. The SDK's own session is asked, so the addresses and time limits are the configured ones."""
        account = self._account_sid
        url = f"{API_BASE}/2010-04-01/Accounts/{account}/Recordings/{sid}.wav"
        with self._errors():
            answer = self._session.get(url, auth=(account, self._auth_token), stream=True)
        if answer.status_code == 404:
            answer.close()
            return None
        if answer.status_code != 200:
            answer.close()
            raise ProviderUnavailable(f"Twilio answers {answer.status_code} for a recording")
        return _parts(answer)

    def remove_recording(self, sid: str) -> None:
        try:
            with self._errors():
                self._client.recordings(sid).delete()
        except ProviderRejected as error:
            if error.provider_code != NOT_FOUND:
                raise

    def list_messages(self, since: datetime, until: datetime) -> Sequence[ListedMessage]:
        """Texts by the moment of sending (twilio.com/docs/messaging/api/message-resource, DateSent), oldest first."""
        with self._errors():
            listed = self._client.messages.list(date_sent_after=since, date_sent_before=until, page_size=PAGE)
        return [_message(message) for message in reversed(listed)]

    def message(self, sid: str) -> ListedMessage | None:
        try:
            with self._errors():
                return _message(self._client.messages(sid).fetch())
        except ProviderRejected as error:
            if error.provider_code == NOT_FOUND:
                return None
            raise

    def ping(self) -> None:
        with self._errors():
            self._client.api.v2010.accounts(self._account_sid).fetch()

    @cached_property
    def _client(self) -> Client:
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        http_client = TwilioHttpClient(timeout=sum(self._timeout))
        http_client.session = self._session
        return Client(self._account_sid, self._auth_token, http_client=http_client)

    @cached_property
    def _session(self) -> Session:
        from requests import Session

        base_url, timeout = self._base_url, self._timeout

        class ConfiguredSession(Session):
            """Sends to the configured address. The SDK knows one time limit for connecting and reading; there are
            two here, because only a failed connection proves that nothing was sent."""

            def send(self, request: PreparedRequest, **kwargs: object) -> Response:
                if request.url and base_url != API_BASE:
                    request.url = base_url + request.url.removeprefix(API_BASE)
                return super().send(request, **{**kwargs, "timeout": timeout})

        return ConfiguredSession()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from requests.exceptions import ConnectionError as ConnectionFailed
        from requests.exceptions import ConnectTimeout, RequestException, SSLError
        from twilio.base.exceptions import TwilioException, TwilioRestException
        from urllib3.exceptions import MaxRetryError, NewConnectionError

        try:
            yield
        except TwilioRestException as error:
            raise _refusal(error.status, error.code) from error
        except TwilioException as error:  # the SDK's lists raise this for any status, with the answer beside it
            answer = error.args[1] if len(error.args) > 1 else None
            if answer is None:
                raise
            raise _refusal(answer.status_code, _code_of(answer.text)) from error
        except (ConnectTimeout, SSLError) as error:
            raise ProviderUnavailable(f"Twilio cannot be reached: {type(error).__name__}") from error
        except ConnectionFailed as error:
            cause = error.args[0] if error.args else None
            if isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError):
                raise ProviderUnavailable("Twilio cannot be reached") from error
            raise ProviderOutcomeUnknown("the connection to Twilio broke") from error
        except RequestException as error:
            raise ProviderOutcomeUnknown(f"Twilio did not answer: {type(error).__name__}") from error


def _parts(answer: Response) -> Iterator[bytes]:
    with answer:
        yield from answer.iter_content(PART)


def _code_of(body: str) -> int | None:
    """Twilio's code in the body of a refusal."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    code = found.get("code") if isinstance(found, dict) else None
    return code if isinstance(code, int) else None


def _refusal(status: int, code: int | None) -> ProviderUnavailable | ProviderOutcomeUnknown | ProviderRejected:
    """429 and Twilio's own failures did nothing; a gateway's 502 and 504 leave open what happened behind it."""
    detail = f"Twilio answers {status}, code {code}"
    if status in {502, 504}:
        return ProviderOutcomeUnknown(detail)
    if status == 429 or status >= 500:
        return ProviderUnavailable(detail)
    return ProviderRejected(detail, provider_code=str(code or ""))


def _sent(message: MessageInstance) -> SentMessage:
    return SentMessage(
        provider_id=str(message.sid),
        status=str(message.status),
        body=message.body or "",
        sent_at=message.date_sent or message.date_created,
    )


def _message(message: MessageInstance) -> ListedMessage:
    media = message.num_media or "0"
    return ListedMessage(
        sid=str(message.sid),
        sender=message.from_ or "",
        recipient=message.to or "",
        direction=str(message.direction),
        status=str(message.status),
        body=message.body or "",
        error_code=str(message.error_code or ""),
        media=int(media) if media.isdigit() else 0,
    )


def _call(call: CallInstance) -> ListedCall:
    return ListedCall(
        sid=str(call.sid),
        caller=call._from or "",
        called=call.to or "",
        direction=str(call.direction),
        status=str(call.status),
        started_at=call.start_time or call.date_created,
        ended_at=call.end_time,
    )
