# SPDX-License-Identifier: GPL-2.0-only
# Everything a newcomer types. Each target installs what it misses.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
TREE ?= debian:6.12
SERIES ?= vm-pinned mpin

.PHONY: help demo offline deps test-fast test lint prove clean

help:
	@echo 'make demo       fetch Debian'"'"'s 6.12 kernel, apply vm-pinned and mpin, build, boot, test'
	@echo 'make test       all tests: fixtures, real trees, two kernels built and booted (< 45 min)'
	@echo 'make offline    the same series on a built-in fixture, in seconds, without a network'
	@echo 'make test-fast  tests on fixtures, those that take seconds left out (< 2 min)'
	@echo 'make prove      everything on every kernel (hours, resumable); writes docs/proof.json'

demo: deps $(VENV)/.installed
	$(BIN)/patchkit run $(SERIES) --tree $(TREE)

offline: $(VENV)/.installed
	$(BIN)/patchkit plan $(SERIES) --tree fixture:6.12
	$(BIN)/patchkit apply $(SERIES) --tree fixture:6.12

deps:
	.ci/deps .ci/packages

# The order-only deps: a bare Debian has no python3-venv; with all there it does nothing.
$(VENV)/.installed: pyproject.toml | deps
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'
	touch $@

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-fast: lint
	.ci/deps .ci/packages-test
	$(BIN)/pytest -q -n auto -m 'not real and not slow and not boot and not prove'

# Tests of one real tree share its analysis (loadgroup). The kernels in one process and in order,
# for each uses both cores by itself.
test: deps lint
	.ci/deps .ci/packages-test
	$(BIN)/pytest -q -n auto --dist loadgroup -m 'not boot and not prove'
	$(BIN)/pytest -q -m 'boot and not prove'

prove: deps $(VENV)/.installed
	.ci/deps .ci/packages-prove
	$(BIN)/python tests/prove.py
	$(BIN)/pytest -q -m prove

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
