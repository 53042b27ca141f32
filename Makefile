# Everything a developer types. `make help` lists the targets; each is a thin line over the tools themselves.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/taishi/target
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Real captures with ground truth, where the folder is there; the tests say what they skip where it is not.
export TAISHI_DATA ?= $(realpath ../shared/data)
# One interpreter for every build, so that cargo and maturin do not rebuild each other's pyo3.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python

CRATE := wire/Cargo.toml
RUST := $(shell find wire -name '*.rs' -not -path '*/target/*' 2>/dev/null) wire/Cargo.toml wire/Cargo.lock
PACKAGES := sensor detectors store reporting
SOURCES := $(shell find $(PACKAGES) rules -type f -not -name '*.pyc' -not -name '*.so' 2>/dev/null) pyproject.toml
TYPED := $(wildcard $(PACKAGES) tools tests bench)
GENERATORS := tools/rustgen.py $(sort $(wildcard tools/docs_*.py))
DEMO := var/demo

T ?=
S ?= 60
ARGS ?=

.PHONY: help env dev install demo test test-full evaluate golden lint rust-test generated fuzz bench wheel lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## say what this machine lacks, and the command that gets it
	@PYTHON=$(PYTHON) sh tools/env-check.sh

$(VENV)/.deps: requirements-dev.lock
	@PYTHON=$(PYTHON) sh tools/env-check.sh
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements-dev.lock
	touch $@

dev: $(VENV)/.deps ## editable install: Python edits count at once, Rust edits after `make dev` again
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked
	rm -f $(VENV)/.installed

# The package as a user gets it: release wheel, installed by pip, nothing imported from the checkout.
$(VENV)/.installed: $(VENV)/.deps $(RUST) $(SOURCES)
	rm -rf dist/install
	$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist/install
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall dist/install/*.whl
	touch $@

install: $(VENV)/.installed ## build the wheel and install it into .venv

demo: $(VENV)/.installed ## make a small capture with an intrusion, scan it, leave a report in var/demo
	mkdir -p $(DEMO)
	$(BIN)/taishi demo --out $(DEMO)

test: lint rust-test generated $(VENV)/.installed ## lint, types, all tests; T=path or T="-k word" chooses tests
	$(BIN)/python -Im pytest --import-mode=importlib -p no:cacheprovider $(T)

test-full: test ## make test, then what takes long: fuzz targets for S seconds each, the wheel in a clean place
	$(MAKE) fuzz T= S=$(S)
	$(MAKE) wheel

lint: $(VENV)/.deps ## ruff, mypy, import layers, rustfmt, clippy, lock of the fuzz targets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=tests/support $(BIN)/mypy $(TYPED)
	$(BIN)/lint-imports
	cargo fmt --manifest-path $(CRATE) --check
	cargo clippy --manifest-path $(CRATE) --locked --all-targets -- -D warnings
	cargo metadata --manifest-path wire/fuzz/Cargo.toml --locked --format-version 1 >/dev/null # the fuzz targets build

rust-test: $(VENV)/.deps ## tests of the crate alone
	cargo test --manifest-path $(CRATE) --locked

generated: $(VENV)/.deps ## fail when a generated file is stale
	@for generator in $(GENERATORS); do $(BIN)/python $$generator --check; done

golden: $(VENV)/.deps ## rewrite generated files and golden files, show what changed
	for generator in $(GENERATORS); do $(BIN)/python $$generator; done
	cargo fmt --manifest-path $(CRATE)
	if grep -qs -e --update-golden tests/conftest.py; then \
	  $(MAKE) $(VENV)/.installed && $(BIN)/python -Im pytest --import-mode=importlib -p no:cacheprovider --update-golden $(T); fi
	git diff --stat

fuzz: $(VENV)/.deps ## fuzz every decoder and parser for S seconds each, or one: make fuzz T=iec104 S=600
	bash wire/fuzz/run.sh $(S) $(T)

bench: $(VENV)/.installed ## paired benchmarks against peers; ARGS are passed on
	$(BIN)/python bench/run.py $(ARGS)

evaluate: $(VENV)/.installed ## judge labelled, ordinary and generated traffic, write docs/evaluation.md
	$(BIN)/python -m bench.evaluation.run $(ARGS)

wheel: $(VENV)/.deps ## build the abi3 wheel and try it in a clean place: runtime packages only, no compiler
	rm -rf dist/wheel
	$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist/wheel
	PYTHON=$(BIN)/python bash tools/try-wheel.sh dist/wheel/*.whl

lock: ## pin all dependencies anew, none younger than a week
	rm -rf var/lock && $(PYTHON) -m venv var/lock && var/lock/bin/pip install --quiet uv
	for part in "" "-dev"; do \
	  var/lock/bin/uv pip compile --quiet --upgrade pyproject.toml $$( [ -z "$$part" ] || echo --group dev ) --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --exclude-newer "$$(date -u -d '7 days ago' +%Y-%m-%dT00:00:00Z)" \
	    --custom-compile-command "make lock" --output-file requirements$$part.lock; done
	rm -rf var/lock

clean: ## remove what was built here (the Rust build cache stays)
	rm -rf $(VENV) dist var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(PACKAGES) tests tools -name __pycache__ -prune -exec rm -rf {} +
