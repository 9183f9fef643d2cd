"""Real Postgres and Valkey as child processes, and their supervisor. For development, tests and the demo."""
