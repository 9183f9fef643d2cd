"""What a merchant has set up, and what is left to do."""
