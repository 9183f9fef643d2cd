"""Mail to people: written in the transaction that it is about, sent by a worker."""
