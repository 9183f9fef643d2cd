"""Appointments: fixed slots of the day, held while they are read out, then confirmed."""
