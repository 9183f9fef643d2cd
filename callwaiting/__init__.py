"""Callwaiting: a missed call becomes a booking or a paid order."""
