"""Builds the web app; nothing else."""

from __future__ import annotations

import gc
import sys

gc.disable()  # what is loaded stays; walking through it again and again takes a seventh of the start
from callwaiting.core.roles import WEB_ROLES  # noqa: E402 - after the collector is off
from callwaiting.core.settings import SettingsInvalid, load  # noqa: E402

try:
    settings = load(roles=WEB_ROLES)
except SettingsInvalid as error:
    sys.stderr.write("".join(f"configuration: {line}\n" for line in error.lines))
    raise

# A wrong configuration is refused before all of this is loaded.
from sqlalchemy.orm import configure_mappers  # noqa: E402

from callwaiting.factory import create_app  # noqa: E402

app = create_app(settings)
configure_mappers()  # else the first requests do it, all at once

# What is loaded by now stays for ever: the collector need not walk through it in the middle of a request.
gc.collect()
gc.freeze()
gc.enable()
