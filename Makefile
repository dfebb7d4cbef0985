# Everything a developer types. `make edit`, `make run` and `make test` need nothing but git, make and Python 3.11 to 3.13.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
WORKFLOW := workflows/fashion_mnist_cnn.workflow.json
PYTEST := $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --durations 30

.PHONY: edit run test test-all sample all check bench docs backbones schema clean

edit: $(VENV)/.installed
	$(BIN)/python -m app

run: $(VENV)/.installed
	$(BIN)/python -m app.run $(WORKFLOW)

# Before every change: all nodes, the window, the main job on a slice of its data, and a sample of what `test-all` tries in full.
test: check sample

# Before a release: every variation, killed programs, all examples and benchmarks, and more examples of every property.
test-all: check all

# The linters, of which mypy takes longest and keeps one core busy only, run beside the tests.
MAKEFLAGS += --jobs=2

sample: $(VENV)/.installed-dev
	$(BIN)/python .ci/system_libraries.py
	$(PYTEST) -m "not (exhaustive or kills or benchmark or long)"

all: $(VENV)/.installed-dev
	$(BIN)/python .ci/system_libraries.py
	$(PYTEST) --hypothesis-profile thorough

# Hundreds of processes start: without stored bytecode each of them would compile all of Layerloom again.
sample all: export PYTHONDONTWRITEBYTECODE :=

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/import_circles.py

bench: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks

# The node reference as web pages, made from the nodes themselves.
docs: $(VENV)/.installed
	$(BIN)/python -m app.reference output/reference

# The architectures of keras.applications that the backbone nodes build, described from the Keras that is installed.
backbones: $(VENV)/.installed
	$(BIN)/python -m nodes.kit.networks.architecture_files

# The JSON schema of workflow files, written from the models; a test says when it is out of date.
schema: $(VENV)/.installed
	$(BIN)/python -m app.document.schema > resources/workflow.schema.json

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis output

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Layerloom needs Python 3.11, 3.12 or 3.13; none was found."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.installed
