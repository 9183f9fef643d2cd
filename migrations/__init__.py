"""The schema, its roles and its policies, from the first migration on."""
