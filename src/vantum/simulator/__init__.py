"""The vendors' services played on one port: for tests, for rehearsals and for load."""
