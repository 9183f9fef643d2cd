"""The whole Django project of the comparison: settings, URLs, set-up and WSGI application in one file.

Runs in a venv of its own, which has Django and dj-stripe; `python project.py` migrates and registers the endpoint.
With BROKER_URL a Celery task is sent for each event, which is what dj-stripe suggests its callback for; without, nobody
hears of an event.
"""

import os
import sys
import uuid

import django
from celery import Celery
from django.conf import settings

ENDPOINT = uuid.UUID("11111111-2222-4333-8444-555555555555")
BROKER_URL = os.environ.get("BROKER_URL")
queue = Celery("comparison", broker=BROKER_URL)


def leave_to_a_worker(event, api_key):
    """dj-stripe's fast mode: the event is stored, the work is somebody else's."""
    if BROKER_URL:
        queue.send_task("process_webhook_event", args=[event.id], ignore_result=True)


settings.configure(
    SECRET_KEY="only-for-the-comparison-on-this-machine-0123456789",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
            "PASSWORD": os.environ["PGPASSWORD"],
            "NAME": os.environ["PGDATABASE"],
            "CONN_MAX_AGE": None,
        }
    },
    STRIPE_TEST_SECRET_KEY="sk_test_" + "0" * 24,
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    DJSTRIPE_WEBHOOK_EVENT_CALLBACK=leave_to_a_worker,
    LOGGING={"version": 1, "disable_existing_loggers": True},
)
django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up first
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]
application = get_wsgi_application()


def set_up(secret: str) -> None:
    from djstripe.models import WebhookEndpoint

    call_command("migrate", verbosity=0)
    WebhookEndpoint.objects.get_or_create(
        djstripe_uuid=ENDPOINT,
        defaults={
            "id": "we_comparison",
            "livemode": False,
            "secret": secret,
            "status": "enabled",
            "url": "http://127.0.0.1/stripe/webhook/",
            "enabled_events": ["*"],
        },
    )


if __name__ == "__main__":
    set_up(sys.argv[1])
