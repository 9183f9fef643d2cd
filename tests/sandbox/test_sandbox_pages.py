"""The overview page shows what is going on, and nothing on it can run."""

from __future__ import annotations

from werkzeug import Response

from callwaiting.sandbox.pages import linked
from tests.sandbox.conftest import CALLER, SHOP, Control, Listener


def test_overview_shows_phones_and_webhooks(control: Control, listener: Listener) -> None:
    reply = "<Response><Message>Pay: http://shop.test/p/1?a=1&amp;b=2.</Message></Response>"
    listener.answer = lambda _: Response(reply, mimetype="text/xml")
    control.post(f"phones/{CALLER}/text", {"to": SHOP, "body": "<script>alert(1)</script>"})
    page = control.client.get(f"{control.url}/")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script" not in page.text
    assert '<a href="http://shop.test/p/1?a=1&amp;b=2">' in page.text
    assert f"{listener.url}/sms" in page.text
    assert '<meta http-equiv="refresh"' in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_only_web_addresses_become_links() -> None:
    assert linked("javascript:alert(1)") == "javascript:alert(1)"
    assert linked('see https://x.test/"><b>, ok') == (
        'see <a href="https://x.test/">https://x.test/</a>&#34;&gt;&lt;b&gt;, ok'
    )
