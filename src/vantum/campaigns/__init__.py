"""Campaigns: lists come in, calls go out, and what came of them is worked off."""
