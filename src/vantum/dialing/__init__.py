"""Whom to call, when, and whether that is allowed: decided without a clock, a socket or a file."""
