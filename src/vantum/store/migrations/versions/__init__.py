"""The steps, oldest first; `tools/migration.sh` writes them."""
