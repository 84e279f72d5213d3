"""Results: the frozen record of a run, its JSON file, its rows and tables."""
