"""The host: what psutil tells of the machine, as one frozen state."""
