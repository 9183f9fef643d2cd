"""The floor: a Flask route that does nothing, on the same server."""

from __future__ import annotations

from flask import Flask

app = Flask("floor")


@app.post("/floor")
def nothing() -> str:
    return ""
