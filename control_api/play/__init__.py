"""Videos as browsers play them: as they are, behind an index of their own, or made anew."""
