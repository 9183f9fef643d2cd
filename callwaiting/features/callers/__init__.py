"""The people who call and text a merchant."""
