"""Who may be texted: a ledger that every sender passes."""
