"""Whether this instance can do its work."""
