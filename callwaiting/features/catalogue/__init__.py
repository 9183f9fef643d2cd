"""What a merchant sells."""
