"""The library: the videos in the folders, found, named, kept and thrown away."""
