#!/usr/bin/env bash
# Stands in for `uv`: finds it, or brings a pinned one into .tools/ without touching the system's Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

UV_VERSION=0.13.9 # the release that wrote uv.lock
OURS=.tools/uv

# A company's own certificate authority is known to the system's store, not to uv's bundled list.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
# Cache and environment are often on different disks in containers, where a hard link cannot be made.
export UV_LINK_MODE="${UV_LINK_MODE:-copy}"

found() {
  local candidate
  for candidate in "$(command -v uv || true)" "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv" \
    "$OURS/bin/uv"; do
    if [ -n "$candidate" ] && "$candidate" --version >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# A virtual environment or a target folder is allowed where pip is "externally managed" (PEP 668).
with_venv() { python3 -m venv --clear "$OURS" && "$OURS/bin/pip" install --quiet "uv==$UV_VERSION"; }
with_target() { python3 -m pip install --quiet --upgrade --target "$OURS" "uv==$UV_VERSION"; }
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
with_debian() {
  command -v apt-get >/dev/null || return 1
  as_root apt-get update -qq && as_root apt-get install -y -qq python3-venv && with_venv
}

bring() {
  echo "uv is not installed: bringing uv $UV_VERSION into .tools/" >&2
  local log way
  mkdir -p .tools
  log=.tools/uv.log
  : >"$log"
  for way in with_venv with_target with_debian; do
    if "$way" >>"$log" 2>&1 && found >/dev/null; then return 0; fi
  done
  cat "$log" >&2
  echo "Could not install uv. Install python3-venv (Debian: apt-get install python3-venv)," >&2
  echo "or uv itself (https://docs.astral.sh/uv), and run the command again." >&2
  return 1
}

uv=$(found) || { bring && uv=$(found); }
case "${1:-}" in
  run | sync) [ -d .venv ] || echo "installing what Vantum needs; this happens once" >&2 ;;
esac
exec "$uv" "$@"
