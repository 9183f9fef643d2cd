"""The tests. While their modules are loaded the collector is off: what is loaded stays (`conftest.py` turns it on)."""

import gc

gc.disable()
