"""Studies: the questions that complab answers, one call each."""
