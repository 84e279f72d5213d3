"""Results as people hand them on: the answer in words, figures, and one HTML page.

The page holds everything that it shows and asks no network for anything. What comes
from a result file (names, paths, messages) is text in it and never markup. Knows how to
show results, not how to make or to compare them.
"""
