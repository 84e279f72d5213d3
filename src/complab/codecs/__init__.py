"""Codecs: which there are, how a list of them is written, where they come from."""
