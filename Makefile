# wordkin: `make demo` shows it, `make test` proves it. Everything is installed into .venv.
# Another Python: make test PYTHON=python3.13.   Arguments for pytest: make test ARGS="-k similar".
# Processes that run tests: make test WORKERS=2; 0 runs them in pytest itself. Four keep two cores busy: many tests wait.

PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python -m
WORKERS ?= 4
PIP    := $(RUN) pip install -qq --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs site wheel platforms notebook screenshots compat interop faults cluster-faults fuzz resume-search bench bench-quick clean

help:
	@echo "make demo    install wordkin into $(VENV), train on docstrings, show what was learned"
	@echo "make test    install what the tests need as well, run them all"
	@echo "make check   ruff and mypy"
	@echo "make format  let ruff put the code in order"
	@echo "make docs    write the pages of docs/ that come from the code"
	@echo "make notebook   run docs/notebook.ipynb and keep its outputs; installs what notebooks need; a minute"
	@echo "make site    build the documentation as a web site in build/site; fails on a broken link"
	@echo "make wheel   build wheel and source distribution in dist/, install and try them for each Python found here"
	@echo "make platforms   resolve the core's dependencies from wheels alone for other systems and Pythons"
	@echo "make screenshots   pictures of the studio's pages for docs/, about two minutes"
	@echo "make compat  run gensim's own tests, and packages that build on it, against wordkin.compat.gensim; minutes"
	@echo "make interop compare vectors in PyTorch, sentence-transformers, model2vec, spaCy and DuckDB; installs them"
	@echo "make cluster-faults  kill machines of a Ray cluster on this computer, and compare the bits; some minutes"
	@echo "make faults  kill training at random moments and fill its disk, and count what is lost; a few minutes"
	@echo "make resume-search   stop and resume 2,000 random configurations and compare all bits; half an hour"
	@echo "make fuzz    try mutated files on everything that reads files, guided by coverage; installs atheris"
	@echo "make bench   measure everything, hours of it; CORPUS=TEXT EVALUATION=FOLDER SMALL=TEXT for real text"
	@echo "make bench-quick   the same in under five minutes, on a synthetic text"
	@echo "make clean   remove $(VENV) and what the tools left behind"

demo: $(VENV)/.wordkin
	@$(VENV)/bin/wordkin demo

# Many tests start processes, which begin sooner with bytecode, even where Python is told not to write any. Every process
# that runs tests imports all of them, with rewritten assertions.
test: $(VENV)/.wordkin-test
	@$(RUN) compileall -q src
	@$(VENV)/bin/python .ci/rewrite_tests.py
	@$(RUN) pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.wordkin-test
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy

format: $(VENV)/.wordkin-test
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

docs: $(VENV)/.wordkin
	@$(VENV)/bin/python docs/generate_options.py

notebook: $(VENV)/.wordkin-notebook
	@$(VENV)/bin/python docs/execute_notebook.py $(ARGS)

# The site comes from no network: Sphinx and its theme are installed with the tests.
site: $(VENV)/.wordkin-test
	@$(RUN) sphinx -q -n -W --keep-going -d build/site-cache -c docs/site -b html . build/site
	@$(VENV)/bin/python docs/site/check.py build/site

wheel: $(VENV)/.wordkin-test
	@rm -rf dist
	@$(RUN) build --outdir dist . >/dev/null
	@$(VENV)/bin/python .ci/try_wheel.py dist $(PYTHONS)

platforms: $(VENV)/.wordkin-test
	@$(VENV)/bin/python .ci/resolve_platforms.py

screenshots: $(VENV)/.wordkin-test
	@$(VENV)/bin/python docs/screenshots.py $(ARGS)

# With another Python, whose results stand beside the first: make compat VENV=.venv-3.13 PYTHON=python3.13
compat: $(VENV)/.wordkin-test
	@$(PIP) testfixtures
	@$(BENCH)/compat_tests.py $(ARGS)

# In an environment of its own: PyTorch is large. Another build of it: make interop TORCH=torch==VERSION+cpu
INTEROP := .venv-interop
TORCH   ?= torch

interop: $(INTEROP)/.wordkin
	@$(INTEROP)/bin/python -m pytest -q -o filterwarnings=default tests/interop/libraries.py $(ARGS)

$(INTEROP)/.wordkin: pyproject.toml
	@sh .ci/make-venv "$(PYTHON)" $(INTEROP)
	@echo "Installing wordkin and the libraries into $(INTEROP); that takes some minutes."
	@$(INTEROP)/bin/python -m pip install -qq --disable-pip-version-check --no-input $(TORCH) --editable '.[interop]'
	@touch $@

faults: $(VENV)/.wordkin
	@$(VENV)/bin/python tests/faults/harness.py $(ARGS)

cluster-faults: $(VENV)/.wordkin-test
	@$(VENV)/bin/python tests/faults/cluster_kills.py $(ARGS)

resume-search: $(VENV)/.wordkin-test
	@$(VENV)/bin/python tests/runs/resume_search.py $(ARGS)

fuzz: $(VENV)/.wordkin-test
	@$(PIP) atheris
	@$(VENV)/bin/python tests/faults/fuzz_loaders.py $(ARGS)

# What needs a real text and test files is left out without them. Each part goes on where it was interrupted.
BENCH  := $(VENV)/bin/python benchmarks
SCORED := $(if $(CORPUS),$(if $(EVALUATION),yes))

bench: $(VENV)/.wordkin-test
	@$(BENCH)/training.py $(CORPUS) $(if $(EVALUATION),--evaluation $(EVALUATION))
	@$(if $(SCORED),$(BENCH)/quality.py $(CORPUS) --evaluation $(EVALUATION) --gensim)
	@$(if $(SCORED),$(BENCH)/claims.py $(CORPUS) --evaluation $(EVALUATION) $(if $(SMALL),--small $(SMALL)))
	@$(BENCH)/cost.py
	@$(BENCH)/sweep.py $(CORPUS)
	@$(BENCH)/startup.py
	@$(BENCH)/queries.py
	@$(BENCH)/studio.py --elements
	@$(BENCH)/loading.py
	@$(BENCH)/compat.py $(CORPUS) $(if $(EVALUATION),--evaluation $(EVALUATION))
	@$(BENCH)/determinism.py $(CORPUS) $(if $(EVALUATION),--evaluation $(EVALUATION))
	@$(BENCH)/report.py

bench-quick: $(VENV)/.wordkin-test
	@$(BENCH)/training.py --quick
	@$(BENCH)/cost.py --quick
	@$(BENCH)/sweep.py --quick
	@$(BENCH)/startup.py --quick
	@$(BENCH)/queries.py --quick
	@$(BENCH)/loading.py --quick
	@$(BENCH)/compat.py --quick
	@$(BENCH)/determinism.py --quick
	@$(BENCH)/report.py --quick

clean:
	rm -rf $(VENV) $(INTEROP) build dist src/*.egg-info .hypothesis .mypy_cache .ruff_cache
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

$(VENV)/.wordkin-notebook: pyproject.toml
	@sh .ci/make-venv "$(PYTHON)" $(VENV)
	@echo "Installing wordkin and what its notebook needs into $(VENV); the first time takes a minute."
	@$(PIP) --editable '.[notebook]'
	@touch $(VENV)/.wordkin $@
