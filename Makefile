# The project's habits. `make` alone lists them.
# Another Python: `PYTHON=python3.13 make test`; it gets a virtual environment of its own.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= $(if $(filter python3,$(PYTHON)),.venv,.venv-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
# It may be on PATH and not work: version managers leave such wrappers behind.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
INPUTS := pyproject.toml hatch_build.py package.json package-lock.json
PYTEST := $(BIN)/python -m pytest
BESIDE ?= not alone
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start many processes: without their compiled files, each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-all faults check fix regen bench bench-quick storyboards first-minutes

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/installed-run ## Serve with demo people and campaigns; ARGS="--port 8001 --reset"
	@echo "demo: the server on SQLite, with demo data in .demo"
	@$(BIN)/gql-approvals demo $(ARGS)

test: $(VENV)/installed-test ## Run the tests on SQLite and PostgreSQL, without the slow ones; ARGS="-k name"
	@echo "test: everything but slow tests, on SQLite and PostgreSQL"
	@$(PYTEST) -q -n logical -m "not slow" $(ARGS)

test-all: $(VENV)/installed-test ## Run every test: server processes, the browser, long races as well
	@echo "test-all: every test, on SQLite and PostgreSQL; first those that can run side by side"
	@$(PYTEST) -q -n logical -m "$(BESIDE)" $(ARGS)
	@echo "test-all: now those that need all cores for themselves"
	@$(PYTEST) -q -m alone $(ARGS)

faults: $(VENV)/installed-test ## Let faults strike servers under load, and judge; ARGS="--long", ARGS="--planted"
	@echo "faults: kills, pauses, cuts and crashes on SQLite and PostgreSQL; ends with 1 when anything was lost"
	@$(BIN)/python -m tests.faults $(ARGS)

check: $(VENV)/installed-dev ## Check style, layers and types
	@echo "check: ruff, import-linter, pyright, mypy"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/mypy

fix: $(VENV)/installed-dev ## Repair style where a tool can
	@echo "fix: ruff's safe repairs, and its format"
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

regen: $(VENV)/installed-test ## Write generated files anew: SDL, reference pages, matrix, picture
	@echo "regen: every generated file"
	@$(BIN)/python -m tests.meta.generated

bench: $(VENV)/installed-test ## Measure what was promised in numbers, on a quiet machine; ARGS="workloads"
	@echo "bench: one row for each number; ends with 1 when a target is missed"
	@$(BIN)/python -m bench $(ARGS)

bench-quick: $(VENV)/installed-test ## Measure the floors that every change must hold, within a minute
	@echo "bench-quick: ratios in one process; the last line is the verdict"
	@$(BIN)/python -m bench.quick

storyboards: $(VENV)/installed-test ## Record anew, in pictures, what people see first; ARGS="explorer"
	@echo "storyboards: the stories of docs/storyboards, in a real browser and a real terminal"
	@$(BIN)/python -m storyboards $(ARGS)

first-minutes: $(VENV)/installed-test ## Measure the time from git clone to the first approved campaign
	@echo "first-minutes: git clone, make demo, one approval"
	@$(BIN)/python -m storyboards.first_minutes

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than 3.11: name another one, as in: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "making $(VENV) with $(if $(UV),uv,venv and pip)"
ifdef UV
	@uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV)
else
	@$(PYTHON) -m venv $(VENV) || { echo "its venv module is missing: on Debian, apt-get install python3-venv" >&2; exit 1; }
endif

# installed-run: what the server needs; installed-test and installed-dev: the extras of pyproject.toml.
$(VENV)/installed-%: $(INPUTS) | $(BIN)/python
	@echo "installing the project ($*)"
ifdef UV
	@uv pip install --quiet --python $(BIN)/python -e '.$(if $(filter-out run,$*),[$*])'
else
	@$(BIN)/python -m pip install --quiet -e '.$(if $(filter-out run,$*),[$*])'
endif
	@touch $@
