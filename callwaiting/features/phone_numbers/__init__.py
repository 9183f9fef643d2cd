"""The numbers that callers are forwarded to. The dialled number finds the merchant."""
