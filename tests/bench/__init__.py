"""`make bench`: the design's budgets, each figure measured here and now beside its budget."""
