"""Pure functions on sound."""
