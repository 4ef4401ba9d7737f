"""The edges where a caller's sound enters and leaves."""
