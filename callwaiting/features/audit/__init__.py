"""The audit trail: written in the business transaction, chained by one writer, verifiable by anybody."""
