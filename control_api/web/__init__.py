"""The page for people: static files, no build step, nothing loaded from elsewhere."""
