"""The one HTTP port."""
