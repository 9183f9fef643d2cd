"""Webhooks that we send to a merchant's own systems."""
