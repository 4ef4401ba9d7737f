"""The API under `/api`: each route is stated once, and the rest follows from that."""
