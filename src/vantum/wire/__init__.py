"""Bytes to typed messages and back, for every protocol spoken."""
