# make chat   installs into .venv, indexes seeds/, opens the page
# make test   runs the tests
# See README.md for the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
LLAMA := $(shell sed -n 's/^llama_cpp_python==/llama-cpp-python==/p' constraints.txt)
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Further arguments for pip, as: make chat PIP_ARGS="--extra-index-url ADDRESS"
PIP_ARGS ?=

.PHONY: chat ask test eval bench lint types install dev clean help

help:
	@sed -n '1,3p' Makefile

$(VENV)/installed: pyproject.toml constraints.txt packaging/build_llama.py packaging/llama-minimal.cmake
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it and run make again"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python packaging/build_llama.py $(LLAMA) -c constraints.txt $(PIP_ARGS)
	$(PIP) install -q --progress-bar on -c constraints.txt $(PIP_ARGS) -e .
	@touch $@

$(VENV)/dev: $(VENV)/installed
	$(PIP) install -q --progress-bar on -c constraints.txt $(PIP_ARGS) -e '.[dev]'
	@touch $@

install: $(VENV)/installed
dev: $(VENV)/dev

chat: install
	@$(BIN)/python app.py $(ARGS)

ask: install
	@$(BIN)/rag ask "$(Q)"

test: dev
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

eval: install
	$(BIN)/rag eval $(ARGS)

bench: install
	$(BIN)/python -m bench $(ARGS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
