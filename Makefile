# make demo   install, then run fabgwas on real UK Biobank height statistics
# make test   install, then run everything that CI runs, but for
# make test-models   the tests that need torch (5 GB on Linux), in an environment of their own
# make notebooks   install, then run the notebooks and keep their outputs
# make docs   install, then show the documentation at http://127.0.0.1:8000
# make bench  install, then run all benchmarks (hours) and write their tables

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# one thread of BLAS per worker, or the workers fight for the processors
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --quiet --numprocesses auto

.PHONY: demo test docs notebooks bench test-models lint clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(BIN)/fabgwas demo --out demo/height

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	$(PYTEST) --dist loadfile tests/unit tests/golden tests/e2e README.md docs/howto
	JAXTYPING_DISABLE=1 $(PYTEST) tests/calibration

test-models: .venv-models/.ready
	.venv-models/bin/python -m pytest --quiet tests/unit/test_embed_transformers.py

notebooks: $(VENV)/.dev
	$(BIN)/python notebooks/execute.py

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks run --only-missing
	$(BIN)/python -m benchmarks summarise

clean:
	rm -rf site $(VENV) .venv-models demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# uv only because it resolves and unpacks in parallel; it installs what pip would
$(VENV)/.venv:
	@command -v gcc >/dev/null || { echo "error: gcc is missing: apt-get install gcc" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing: apt-get install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "error: venv is missing: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null || { echo "error: Python.h is missing: apt-get install python3-dev" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/.demo: $(VENV)/.venv pyproject.toml
	$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python -e ".[demo]"
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python -e ".[demo,dev]"
	@touch $@

.venv-models/.ready: $(VENV)/.venv pyproject.toml
	$(PYTHON) -m venv .venv-models
	$(BIN)/uv pip install --quiet --system-certs --python .venv-models/bin/python -e ".[dev,transformers]"
	@touch $@
