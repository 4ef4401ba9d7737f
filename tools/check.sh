#!/usr/bin/env bash
# What `make check` does: format, lint and types; fast enough to run before each commit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

run() { tools/uv.sh run --frozen --quiet "$@"; }

run ruff check --quiet
run ruff format --check --quiet
run mypy --no-error-summary
