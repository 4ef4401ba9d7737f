#!/usr/bin/env bash
# Prints the browser that tests drive; with --install it brings one where it may. Prints nothing if none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Our own call of Playwright, because only it knows which build belongs to the locked version.
playwright_path() {
  tools/uv.sh run --frozen --quiet python -c '
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    print(p.chromium.executable_path)' 2>/dev/null
}

# A snap stub is executable and starts nothing: only a browser that says its version counts.
works() { [ -n "$1" ] && timeout 20 "$1" --version >/dev/null 2>&1; }

found() {
  local name candidate
  for name in "${VANTUM_BROWSER:-}" chromium chromium-browser google-chrome; do
    candidate=$(command -v "${name:-:}" || true)
    if [ -n "$name" ] && works "$candidate"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  candidate=$(playwright_path || true)
  if works "$candidate"; then printf '%s\n' "$candidate"; else return 1; fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
from_debian() {
  command -v apt-get >/dev/null || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
}
from_playwright() { timeout 300 tools/uv.sh run --frozen --quiet playwright install chromium; }

if found; then exit 0; fi
[ "${1:-}" = --install ] || exit 0
echo "no browser found: asking Debian, then Playwright, for one" >&2
for way in from_debian from_playwright; do
  if "$way" >&2 && found; then exit 0; fi
done
exit 0
