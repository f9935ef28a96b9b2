# Two commands are all a newcomer needs: `make demo` and `make test`. Each installs what it lacks.
# make only finds a Python and installs; the product is the console script `nautilus-bot`.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input
BOT := $(VENV)/bin/nautilus-bot
TEST_FLAGS ?= -q -n 2 --dist loadfile

# A stamp is named after the content it stands for, so that a second run is quick and a changed lock is not missed.
CORE := $(VENV)/.core-$(firstword $(shell cat requirements.lock pyproject.toml | cksum))
DEV := $(VENV)/.dev-$(firstword $(shell cat requirements-dev.lock pyproject.toml | cksum))

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types check chaos bench gate cycles docs lock clean

help:  ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r verb text; do printf '  make %-8s %s\n' "$$verb" "$$text"; done

setup: $(DEV)  ## install everything that development needs

demo: $(CORE)  ## install the core and run the main job on a synthetic market: no keys, no network
	@$(BOT) demo

test: $(DEV)  ## install what the tests need and run them
	@$(PYTHON) -m pytest $(TEST_FLAGS)

check: lint types  ## lint, formatting, types and layers

lint: $(DEV)  ## ruff, its formatter, and who may import whom
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports --no-logo

types: $(DEV)  ## mypy, strict
	@$(VENV)/bin/mypy

chaos: $(DEV)  ## kill the bot at every step of a session and compare; CHAOS="--random 200" kills at random
	@$(PYTHON) -m tests.chaos $(CHAOS)

bench: $(DEV)  ## measure this node beside its peers (builds a throw-away environment for them)
	@$(PYTHON) -m benchmarks

cycles: $(DEV)  ## start, stop, kill and starve a real bot fifty times (half an hour)
	@$(PYTHON) tests/integration/process/cycles.py 50

gate: $(DEV)  ## judge the overfit gate on markets with and without an edge
	@$(PYTHON) -m benchmarks overfit_gate

docs: $(DEV)  ## write the generated parts (JSON Schemas) and check that the docs name every part
	@$(BOT) config schema --write
	@$(PYTHON) -m pytest -q tests/architecture

lock:  ## pin the dependencies again, with hashes and without addresses (needs uv)
	@sh executables/lock.sh

clean:  ## remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(CORE):
	@$(call say,installing the core)
	@$(call make_venv)
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.core-* && touch $@

$(DEV):
	@$(call say,installing the core and the development tools)
	@$(call make_venv)
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.dev-* $(VENV)/.core-* && touch $@ $(CORE)

say = echo "$(1) into $(VENV): about 1 GB, a minute on a good line" >&2

# an interrupted or moved environment is made again; one that was made without pip gets it
define make_venv
if ! $(PYTHON) --version >/dev/null 2>&1; then \
	python=$$(sh executables/find_python.sh) && rm -rf $(VENV) && "$$python" -m venv $(VENV); \
fi && { $(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip --default-pip >/dev/null; }
endef
