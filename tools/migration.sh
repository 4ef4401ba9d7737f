#!/usr/bin/env bash
# Writes a migration: what `store/schema.py` has that the newest migration has not.
#   tools/migration.sh 0002 "Say what it is for"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/uv.sh run --frozen --quiet python tools/migration.py "$@"
tools/uv.sh run --frozen --quiet ruff format --quiet src/vantum/store/migrations
tools/uv.sh run --frozen --quiet ruff check --fix --quiet src/vantum/store/migrations
