# Katydid: `make run` serves the dashboard, `make test` runs all tests. Both set up what they need first.

VENV := .venv
BIN := $(VENV)/bin
SETUP_FILES := pyproject.toml constraints.txt hatch_build.py scripts/setup webui/__init__.py

.DEFAULT_GOAL := help
.PHONY: help run test check format bench browser postgres front-end front-end-dev clean distclean

help:  ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: front-end  ## serve the dashboard on http://127.0.0.1:8090, with a practice target
	$(BIN)/katydid serve $(ARGS)

test: front-end-dev browser postgres  ## run all tests; ARGS="-k name" runs some
	@scripts/test $(ARGS)

check: $(VENV)/.dev  ## lint, format, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py

format: $(VENV)/.dev  ## fix what can be fixed by itself
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: front-end  ## measure beside wrk, ab, h2load, hey, autocannon and Locust
	$(BIN)/python -m benchmarks $(ARGS)

browser:
	@scripts/browser

postgres:
	@scripts/postgres

# Both look for themselves whether there is something to do.
front-end: $(VENV)/.run
	@$(BIN)/python hatch_build.py

front-end-dev: $(VENV)/.dev
	@$(BIN)/python hatch_build.py --dev

$(VENV)/.run: $(SETUP_FILES)
	@scripts/setup run

$(VENV)/.dev: $(SETUP_FILES)
	@scripts/setup dev

clean:  ## remove what was built and cached
	rm -rf build dist static/vendor static/vendor.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find webui tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean  ## remove the virtual environment and node_modules too
	rm -rf $(VENV) node_modules
