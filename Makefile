# Everything runs in .venv, which is made on demand. `make` alone lists what there is to do.

.DEFAULT_GOAL := help

BIN := .venv/bin
# Test processes; more than cores, because many tests wait for the processes that they watch. For
# example: make test WORKERS=2 ARGS="-k sheet"
WORKERS ?= 4
ARGS ?=
# Tests that kill and stop real processes meet real clocks. On a machine that stalls for seconds they
# may fail for no fault of ours; a real fault fails every time. The summary names what was run again.
RERUNS := $(if $(CI),--reruns 2)
# The suite and the demo start many processes: each would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: .venv/installed ## make .venv and install Leadport with all it needs

# The stamp is older than pyproject.toml when the requirements may have changed since.
.venv/installed: pyproject.toml
	@scripts/install

.PHONY: demo
demo: install ## import the example in a local Slack look-alike; ONCE=1 ends with the import
	@$(BIN)/python scripts/demo.py $(if $(ONCE),--once)

.PHONY: lint
lint: install ## ruff, formatting, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy core worker bot sandbox scripts

.PHONY: test
test: install ## the whole suite, on real PostgreSQL, Valkey and Chromium
	@scripts/install-chromium
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(RERUNS) $(ARGS)

.PHONY: bench
bench: .venv/bench ## the benchmarks, a few minutes; ARGS=--full for the sizes of the targets
	$(BIN)/python -m bench $(ARGS)

# What others would use instead, to be measured beside. Without it those lines are skipped.
.venv/bench: .venv/installed
	-$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@

.PHONY: clean
clean: ## remove .venv and whatever is built or cached; the data in var/ stays
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
