"""The proof that a business's line is forwarded: one call to it, which has to come back to us."""
