"""What the merchant tells callers, and how calls are taken: address, answers, transfer, recordings."""
