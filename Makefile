# wordkin: `make demo` shows it, `make test` proves it. Everything is installed into .venv.
# Another Python: make test PYTHON=python3.13.   Arguments for pytest: make test ARGS="-k similar".

PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python -m
PIP    := $(RUN) pip install -qq --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs clean

help:
	@echo "make demo    install wordkin into $(VENV), train on docstrings, show what was learned"
	@echo "make test    install what the tests need as well, run them all"
	@echo "make check   ruff and mypy"
	@echo "make format  let ruff put the code in order"
	@echo "make docs    write the pages of docs/ that come from the code"
	@echo "make clean   remove $(VENV) and what the tools left behind"

demo: $(VENV)/.wordkin
	@$(VENV)/bin/wordkin demo

test: $(VENV)/.wordkin-test
	@$(RUN) pytest $(ARGS)

check: $(VENV)/.wordkin-test
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy

format: $(VENV)/.wordkin-test
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

docs: $(VENV)/.wordkin
	@$(VENV)/bin/python docs/generate_options.py

clean:
	rm -rf $(VENV) build dist src/*.egg-info .hypothesis .mypy_cache .ruff_cache
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# The stamps are newer than pyproject.toml exactly when what it asks for is installed,
# so a second run starts at once.
$(VENV)/.wordkin: pyproject.toml
	@sh .ci/make-venv "$(PYTHON)" $(VENV)
	@echo "Installing wordkin into $(VENV); the first time takes about a minute."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.wordkin-test: pyproject.toml
	@sh .ci/make-venv "$(PYTHON)" $(VENV)
	@echo "Installing wordkin and what its tests need into $(VENV); the first time takes a minute or two."
	@$(PIP) --editable '.[test]'
	@touch $(VENV)/.wordkin $@
