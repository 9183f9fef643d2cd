"""What the providers list, compared with what we have."""
