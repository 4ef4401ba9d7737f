"""Fixtures for the tests of local speech."""

from conftest_local import _packages, helper_socket

__all__ = ["_packages", "helper_socket"]
