"""What happened: kept, listed, and pushed to who listens."""
