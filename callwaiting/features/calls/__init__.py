"""Phone calls: each turn is answered within the request, from local data, once."""
