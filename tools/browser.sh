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

found() {
  local candidate
  for candidate in "${VANTUM_BROWSER:-}" /usr/bin/chromium "$(command -v chromium || true)" \
    "$(command -v chromium-browser || true)" "$(command -v google-chrome || true)" \
    "$(playwright_path || true)"; do
    # A snap stub is executable and starts nothing: only a browser that says its version counts.
    if [ -n "$candidate" ] && timeout 20 "$candidate" --version >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
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
