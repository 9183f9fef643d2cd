"""The TwiML that answers an incoming text (twilio.com/docs/messaging/twiml)."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<Response/>'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def reply(body: str) -> bytes:
    """One text back to the sender."""
    content = escape(_NOT_XML.sub("", body))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Message>{content}</Message></Response>'.encode()
