"""`python -m vantum` is the `vantum` command."""

from vantum.cli import main

main()
