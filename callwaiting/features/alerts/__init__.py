"""Alerts: one open row per fingerprint, counted, never repeated."""
