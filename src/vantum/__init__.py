"""Vantum talks to people on the phone and in the browser; these are its public names."""

__all__ = ["__version__"]

__version__ = "0.1.0"
