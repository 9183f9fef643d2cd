"""A mail each morning: what the day before was like, and what needs a person."""
