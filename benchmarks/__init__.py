"""Measurements that can be repeated: `make bench`, or one module at a time."""
