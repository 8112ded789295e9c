"""Long work: queued in the database, done by processes of its own."""
