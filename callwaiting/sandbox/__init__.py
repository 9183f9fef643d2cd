"""A loopback process that stands in for the HTTP APIs of Twilio, Stripe and PayPal.

It imports no code of the app: both sides meet only over HTTP, as they would with the real providers.
"""
