"""What may be changed while the service runs."""
