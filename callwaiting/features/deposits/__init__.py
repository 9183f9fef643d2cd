"""Deposits of bookings: the only slice that knows both a booking and the order that is paid for it."""
