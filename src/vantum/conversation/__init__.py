"""The pure core: what a call decides."""
