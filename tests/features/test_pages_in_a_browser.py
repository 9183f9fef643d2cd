"""The pages behind links in texts, as callers and payers use them: a real browser, the policy of the page in force."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Error, Page
from werkzeug.serving import make_server

from callwaiting.core.settings import load
from callwaiting.embedded.claim import is_free
from callwaiting.factory import Runtime, create_app
from callwaiting.features.bookings import links
from tests.api_client import ApiClient
from tests.factories.bookings import create_resource
from tests.factories.payments import make_accounts, make_caller, make_line, make_payable
from tests.features.accounts.test_pages_in_a_browser import CHROMIUM, browser, page
from tests.features.bookings.test_api import Salon

__all__ = ["browser", "page"]  # fixtures
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER FOUND: the pages behind links are not tried out")


@pytest.fixture(scope="module")
def address(environment: dict[str, str]) -> Iterator[str]:
    """Of an application that is told by which address it is known: forms come from there only."""
    port = next(candidate for candidate in range(18600, 18700) if is_free(candidate))
    app = create_app(load({**environment, "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["webhooks"].close()
    app.extensions["database"].dispose()


def require_no_sinks(page: Page) -> None:
    """Whatever script should get into it, it cannot write HTML, nor make itself a policy that may."""
    for script in (
        "document.body.innerHTML = '<b>x</b>'",
        "document.write('x')",
        "trustedTypes.createPolicy('own', {createHTML: text => text})",
    ):
        with pytest.raises(Error, match=r"(?i)trusted|policy|CSP"):
            page.evaluate(script)


def test_a_caller_cancels_a_booking(owner: ApiClient, worker: Runtime, address: str, page: Page) -> None:
    salon = Salon(
        owner,
        create_resource(worker, owner.scope),
        make_caller(worker, owner.scope),
        make_line(worker, owner.scope),
    )
    booking = salon.book()
    with worker.database.unit_of_work(owner.scope) as session:
        path = links.link_to(session, UUID(booking["id"])).removeprefix("http://callwaiting.test")

    page.goto(address + path)
    page.get_by_role("button", name="Cancel the booking").click()

    page.get_by_text("is cancelled").wait_for()
    assert salon.owner.get(f"/bookings/{booking['id']}")["state"] == "cancelled"


def test_a_payer_comes_from_the_order_to_the_checkout(
    owner: ApiClient, worker: Runtime, address: str, page: Page
) -> None:
    """The provider leads nowhere here, which the page has words for."""
    make_accounts(worker, owner.scope)
    payable = make_payable(worker, owner.scope)

    page.goto(f"{address}/p/{payable.token}")
    page.get_by_role("button", name="Pay by card").click()

    page.get_by_text("Nothing was charged").wait_for()


@pytest.mark.parametrize(
    "path", ["/p/AAAAAAAAAAAAAAAAAAAAAA", "/b/AAAAAAAAAAAAAAAAAAAAAA", "/app/new-password", "/docs"]
)
def test_no_page_lets_a_script_write_html(address: str, browser: Browser, path: str) -> None:
    with browser.new_context() as context:
        shown = context.new_page()
        shown.goto(address + path)
        require_no_sinks(shown)
