# `make demo` and `make test` need Python 3.11 or later, make and git; they do the rest themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FEAST := .venv-feast
FEAST_READY := $(FEAST)/.ready
DBT := .venv-dbt
DBT_READY := $(DBT)/.ready
SQLMESH := .venv-sqlmesh
SQLMESH_READY := $(SQLMESH)/.ready

.PHONY: help demo test test-all test-wheel check check-all format lint types bench bench-compile feast-env clean

help: ## List what make can do.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# Made once, and again when what it is made of changes.
$(READY): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"ffc needs Python 3.11 to 3.13; $(PYTHON) is {v[0]}.{v[1]}: try make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY) ## See it at work: a project compiled, built and served, in seconds.
	@$(BIN)/ffc demo

test: $(READY) ## Run the tests.
	@$(BIN)/python -m pytest -n 2 -q

test-all: $(READY) $(FEAST_READY) ## Run the tests, the slow ones too.
	@$(BIN)/python -m pytest -n 2 -q -m 'not wheel'

test-wheel: $(READY)
	@$(BIN)/python -m pytest -q -m wheel

check: format lint types test test-wheel ## All that CI asks: format, lint, types, import rules, tests.

check-all: format lint types test-all test-wheel ## The same with the slow suites.

format: $(READY)
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff --quiet .; exit 1; }

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-cache >$(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }

types: $(READY)
	@$(BIN)/mypy

# Apart, for it wants old versions of what the project uses.
$(FEAST_READY): constraints-feast.txt
	@echo "setting up $(FEAST) (once)"
	@$(PYTHON) -m venv $(FEAST)
	@$(FEAST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-feast.txt 'feast[duckdb]' polars
	@touch $(FEAST_READY)

feast-env: $(FEAST_READY) ## Set up Feast in an environment of its own, to compare with.

# Apart too: each with what it was tested with itself.
$(DBT_READY): constraints-dbt.txt
	@echo "setting up $(DBT) (once)"
	@$(PYTHON) -m venv $(DBT)
	@$(DBT)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-dbt.txt 'dbt-core<1.12' dbt-duckdb
	@touch $(DBT_READY)

$(SQLMESH_READY): constraints-sqlmesh.txt
	@echo "setting up $(SQLMESH) (once)"
	@$(PYTHON) -m venv $(SQLMESH)
	@$(SQLMESH)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-sqlmesh.txt sqlmesh
	@touch $(SQLMESH_READY)

bench-compile: $(READY) $(DBT_READY) $(SQLMESH_READY) ## Measure the compiler beside dbt and SQLMesh.
	@$(BIN)/python tests/benchmarks/compile_table.py
	@$(BIN)/python tests/benchmarks/watching.py

bench: $(READY) ## Measure how long a person waits.
	@$(BIN)/python tests/benchmarks/startup.py
	@$(BIN)/python tests/benchmarks/compiling.py
	@$(BIN)/python tests/benchmarks/running.py
	@$(BIN)/python tests/benchmarks/measuring.py
	@$(BIN)/python tests/benchmarks/training.py
	@$(BIN)/python tests/benchmarks/postgres_training.py
	@$(BIN)/python tests/benchmarks/postgres_stores.py
	@$(BIN)/python tests/benchmarks/batching.py
	@$(BIN)/python tests/benchmarks/syncing.py
	@$(BIN)/python tests/benchmarks/cleaning.py
	@$(BIN)/python tests/benchmarks/serving.py
	@$(BIN)/python tests/benchmarks/moving.py
	@$(BIN)/python tests/benchmarks/loading.py
	@$(BIN)/python tests/benchmarks/comparing.py

clean: ## Remove what make made.
	@rm -rf $(VENV) $(FEAST) $(DBT) $(SQLMESH) dist build .mypy_cache .pytest_cache .ruff_cache
