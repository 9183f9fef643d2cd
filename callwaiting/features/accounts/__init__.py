"""People: how they sign in, their sessions, and their place in merchants' teams."""
