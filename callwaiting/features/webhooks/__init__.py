"""The inbox: verify, store, commit, acknowledge, hint, work."""
