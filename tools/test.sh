#!/usr/bin/env bash
# What `make test` does, in order: format, lint, types, then every test with its coverage floors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

run() { tools/uv.sh run --frozen --quiet "$@"; }

tools/uv.sh sync --frozen --quiet
VANTUM_BROWSER=$(tools/browser.sh --install)
export VANTUM_BROWSER

tools/check.sh

# Most tests wait in real time, so four workers keep two cores busy; a file's tests stay together, as
# they share servers, and in the order that tests/conftest.py gives them. `-n 0` runs all in one.
# The report above pytest's own last line keeps "N passed" where a reader looks for it.
run pytest -n 4 --dist loadfile --no-loadscope-reorder \
  --cov --cov-report=term --cov-fail-under=85 "$@" || run python tools/judge_again.py
rm -f .coverage.*  # a program that a test has ended may have left its count half-written
for room in conversation wire audio dialing; do
  [ -d "src/vantum/$room" ] || continue
  covered=$(run coverage report --include="src/vantum/$room/*" --fail-under=90) || {
    echo "$covered"
    echo "src/vantum/$room is tested under 90 % of its lines"
    exit 1
  }
done
[ -n "$VANTUM_BROWSER" ] || echo "browser tests skipped: no browser"
