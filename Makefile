# make demo    train the digits classifier in a fresh virtual environment
# make test    the test suite
# make lint    style, types, layers, and docs/map.md
# make parity  PyTorch's own tables against Taper (installs torch==2.13.0 in an environment of its own)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PARITY := .venv-parity
CONFORMANCE ?= ../shared/conformance

# What `make parity` asks for at least, of each part's last line.
OPS_AT_LEAST := 650
ERRORS_AT_LEAST := 205
MODULES_AT_LEAST := 109
OPTIM_AT_LEAST := 15
NUMBERS_AT_LEAST := 49

.PHONY: demo test lint map parity clean

demo: $(VENV)/demo-ready
	$(BIN)/taper train digits

test: $(VENV)/dev-ready
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/make_map.py --check

map:
	$(PYTHON) tools/make_map.py

parity: $(PARITY)/ready
	$(PARITY)/bin/python $(CONFORMANCE)/parity.py ops --at-least $(OPS_AT_LEAST)
	$(PARITY)/bin/python $(CONFORMANCE)/parity.py errors --at-least $(ERRORS_AT_LEAST)
	$(PARITY)/bin/python $(CONFORMANCE)/parity.py modules --at-least $(MODULES_AT_LEAST)
	$(PARITY)/bin/python $(CONFORMANCE)/parity.py optim --at-least $(OPTIM_AT_LEAST)
	$(PARITY)/bin/python $(CONFORMANCE)/same_numbers.py --at-least $(NUMBERS_AT_LEAST)

$(VENV)/demo-ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[vision,plot,progress]'
	touch $@

$(VENV)/dev-ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(PARITY)/ready: pyproject.toml
	$(PYTHON) -m venv $(PARITY)
	$(PARITY)/bin/python -m pip install --quiet torch==2.13.0 scipy expecttest hypothesis
	$(PARITY)/bin/python -m pip install --quiet --editable '.[vision]'
	touch $@

clean:
	rm -rf $(VENV) $(PARITY) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
