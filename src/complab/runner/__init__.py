"""Runs a plan: verify, calibrate, warm up, interleaved rounds; told as events."""
