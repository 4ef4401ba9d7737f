"""How the tables came to be what `schema.py` says, one step for each release that changed them."""
