"""Payment links, checkouts at Stripe or PayPal, and what really arrived."""
