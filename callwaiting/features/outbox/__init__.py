"""Calls to providers, planned in the business transaction and made afterwards, once each."""
