"""What the business has gained: the figures of its days."""
