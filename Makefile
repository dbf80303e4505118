PYTHON ?= python3
BIN := .venv/bin
FUZZ_MINUTES ?= 10
SECONDS ?= 10
KILLS ?= 1000
# Side by side on all cores and one more, each file in one process, in the order of tests/conftest.py.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
# What is run a second time over ClickHouse's HTTP interface.
OVER_HTTP := points interactions fold scroll_depth layout erase_visitor removal loading_persons capture_store
# Every process of the tests would compile the same modules again.
unexport PYTHONDONTWRITEBYTECODE

PIP_OPTIONS := --quiet --disable-pip-version-check --only-binary :all: --require-hashes
# uv takes seconds where pip takes more than a minute. It knows nothing of pip's own settings, such as another index, so
# where it fails pip has its turn.
define install
	@echo "Installing $(1)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build --require-hashes -r $(1) \
		|| $(BIN)/python -m pip install $(PIP_OPTIONS) -r $(1)
endef

.PHONY: help install demo test slow coverage fuzz lint lint-javascript format bench compare hostile kills openapi screenshot audit lock clean

help:  ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/development  ## Create .venv with everything, development tools included

# What the service needs, which is all that the demo needs.
.venv/service: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; run make with PYTHON=python3.12, for instance.")'
	$(PYTHON) -m venv .venv
	@# First uv itself, and chdb-core, which brings a chdb/__init__.py that the one of chdb has to replace.
	@awk '/^[^ ]/ { is_first = /^(uv|chdb-core)==/ } is_first' requirements-dev.txt >.venv/first.txt
	@$(BIN)/python -m pip install $(PIP_OPTIONS) --no-deps -r .venv/first.txt
	$(call install,requirements.txt)
	@touch $@

.venv/development: .venv/service requirements-dev.txt
	$(call install,requirements-dev.txt)
	@touch $@

demo: .venv/service  ## Serve a realistic site's heatmaps on http://127.0.0.1:8000, or on another PORT=
	@$(BIN)/python manage.py demo $(if $(PORT),--port $(PORT))

test: install  ## Run all tests but the slow ones
	$(PYTEST) -m "not slow"
ifndef TEST_CLICKHOUSE_URL
	$(BIN)/python -m tests.clickhouse_server $(PYTEST) $(OVER_HTTP:%=tests/test_%.py)
endif

coverage: install  ## Run the tests of make test, and tell how much of the code they reach
	$(PYTEST) -m "not slow" --cov --cov-report=term

slow: install  ## Run the tests that take longest: slow references asked at random, kills under load, programs of others
	$(PYTEST) -m slow

fuzz: install  ## Ask what the OpenAPI document allows, and more, for FUZZ_MINUTES=10 or until something is found
	@end=$$(($$(date +%s) + 60 * $(FUZZ_MINUTES))); while [ $$(date +%s) -lt $$end ]; do \
		seed=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); \
		echo "FUZZ_EXAMPLES=60 FUZZ_SEED=$$seed $(BIN)/python -m pytest tests/test_contract_fuzz.py"; \
		FUZZ_EXAMPLES=60 FUZZ_SEED=$$seed $(BIN)/python -m pytest -q tests/test_contract_fuzz.py || exit 1; \
	done

bench: install  ## Measure, with tables at the end; ROWS= sets how many interactions
	$(BIN)/python -m bench.reading --output docs/performance.md
	$(BIN)/python -m bench.scale --output docs/performance.md
	$(BIN)/python -m bench.formats --output docs/performance.md
	$(BIN)/python -m bench.capture
	$(BIN)/python -m bench.capture
	$(BIN)/python -m bench.loading --output docs/performance.md
	@# What needs a browser is left out where there is none.
	$(BIN)/python -m bench.viewer --output docs/performance.md

compare: install  ## Measure how often comparisons are wrong, into docs/comparing.md; takes minutes
	$(BIN)/python -m bench.comparing --output docs/comparing.md

hostile: install  ## Attack a service of its own from here, with a table at the end; SECONDS= sets how long each attack lasts
	$(BIN)/python -m bench.hostile --seconds $(SECONDS) --output docs/security.md

kills: install  ## Kill the service KILLS=1000 times under load, and look for what is lost or doubled; about an hour
	KILLS=$(KILLS) $(BIN)/python -m pytest -q -s tests/test_capture_kill.py tests/test_kill.py

openapi: install  ## Write the OpenAPI document to docs/openapi.yaml, and validate it
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

screenshot: install  ## Make the pictures of the README and of docs/ anew, of the demo
	SCREENSHOTS=docs $(BIN)/python -m pytest tests/test_docs_pictures.py

audit: install  ## Look for known holes in the dependencies
	@said=$$($(BIN)/pip-audit --requirement requirements.txt --require-hashes --disable-pip 2>&1); status=$$?; \
	if [ $$status -ne 0 ] && echo "$$said" | grep -qE 'ConnectionError|ProxyError|ConnectTimeout'; \
	then echo "The list of known holes cannot be reached from here; nothing was looked at."; \
	else echo "$$said"; exit $$status; fi

lint: install  ## Check format, lint, import rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	@if node -e '$(HAS_NODE)' 2>/dev/null && command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-javascript; \
	else echo "The JavaScript was not looked at: that needs Node 20.19 or newer, with npm."; test -z "$(REQUIRE_NODE)"; fi

# With REQUIRE_NODE=1, as in CI, `make lint` fails where Node is missing.
HAS_NODE := const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)

lint-javascript: lint/node_modules/.package-lock.json
	lint/node_modules/.bin/eslint --config lint/eslint.config.mjs heatmaps tests/agents tests/browser
	lint/node_modules/.bin/tsc --project lint/tsconfig.json

# What lint/package-lock.json names, from npm, anew only when it names something else.
lint/node_modules/.package-lock.json: lint/package-lock.json
	@echo "Installing lint/package-lock.json"
	@npm ci --prefix lint --silent
	@touch $@

format: install  ## Format and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: install  ## Write the pinned versions anew from pyproject.toml
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:  ## Remove the virtual environment and caches; var/ keeps its data
	rm -rf .venv lint/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis
