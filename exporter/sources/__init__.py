"""What is watched: each source asks one system and gives a frozen state in base units."""
