"""The businesses that we answer for."""
