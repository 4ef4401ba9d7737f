# The verbs of the house. Each brings what it needs on a fresh machine; none asks for a key, Node or Docker.
.PHONY: run talk test check bench console

run: ## serve on http://localhost:3001 with the embedded default
	@tools/uv.sh run --frozen --quiet --no-dev vantum serve

talk: ## say a recording to the running server: make talk AUDIO=question.wav
	@[ -n "$(AUDIO)" ] || { echo "which recording? make talk AUDIO=question.wav" >&2; exit 2; }
	@tools/uv.sh run --frozen --quiet --no-dev vantum talk --audio "$(AUDIO)"

test: ## format, lint, types, every test, coverage floors
	@tools/test.sh

check: ## format, lint and types only
	@tools/check.sh

bench: ## latency and cost of a call, against the bars (docs/bars.md); keeps nothing
	@tools/uv.sh run --frozen --quiet python -m benchmarks

console: ## rebuild the page and record the hash of its sources (needs Node)
	@tools/uv.sh run --frozen --quiet python tools/console_hash.py --build
