"""The checks from outside: `python -m security` (docs/security.md)."""
