"""Data keys: the platform's, each user's, each merchant's."""
