"""A merchant's rows as files: what came in, what was sold, what was said and agreed."""
