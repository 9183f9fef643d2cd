"""Receipts: what was ordered, paid and given back, on a page that can be printed."""
