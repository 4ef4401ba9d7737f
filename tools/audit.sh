#!/usr/bin/env bash
# Whether any package that we ship is known to be weak. It asks PyPI and npm, so that no test runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=$(mktemp)
trap 'rm -f "$packages"' EXIT
tools/uv.sh export --frozen --quiet --no-dev --no-emit-project --output-file "$packages" >/dev/null
tools/uv.sh tool run pip-audit --requirement "$packages" --disable-pip
npm audit --prefix console --omit=dev
