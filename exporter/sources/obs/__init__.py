"""OBS Studio: what it says, and what its picture, sound and record file show, as one state."""
