# make demo   install, then run fabgwas on real UK Biobank height statistics
# make test   install, then run everything that CI runs; MODELS=no leaves out
# make test-models   the tests that need torch (5 GB on Linux), in an environment of their own
# make test-lowest   the tests with the oldest versions that pyproject.toml allows
# make test-dist   wheel and sdist: what is in them, and that the wheel runs the demo
# make fuzz   damaged files by atheris for FUZZ_SECONDS, by hypothesis with FUZZ_EXAMPLES each
# make audit  known weaknesses of what gets installed, where their list can be asked
# make lock   write requirements.lock anew: exact versions and checksums of all
# make dist   build wheel and sdist into dist
# make notebooks   install, then run the notebooks and keep their outputs
# make docs   install, then show the documentation at http://127.0.0.1:8000
# make bench  install, then run all benchmarks (hours) and write their tables

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# one thread of BLAS per worker, or the workers fight for the processors
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --quiet --numprocesses auto

.PHONY: demo test docs notebooks bench test-models test-lowest test-dist fuzz audit lock dist clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(BIN)/fabgwas demo --out demo/height

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	$(PYTEST) --dist loadfile tests/unit tests/golden tests/fuzz tests/e2e README.md docs/howto
	JAXTYPING_DISABLE=1 $(PYTEST) tests/calibration
	@if [ "$(MODELS)" = no ]; then echo "the tests of transformer models were left out"; \
	elif $(MAKE) .venv-models/.ready; then $(MAKE) test-models; \
	else echo "could not install torch: the tests of transformer models did not run" >&2; fi

test-models: .venv-models/.ready
	.venv-models/bin/python -m pytest --quiet tests/unit/test_embed_transformers.py

# what old libraries warn of is theirs: here a warning is no error
test-lowest: .venv-lowest/.ready
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv-lowest/bin/python -m pytest --quiet \
		--numprocesses auto --dist loadfile --override-ini filterwarnings=default \
		tests/unit tests/golden tests/fuzz tests/e2e

dist: $(VENV)/.venv
	rm -rf dist
	$(BIN)/uv build --quiet --out-dir dist

test-dist: dist $(VENV)/.dev
	$(BIN)/python -m pytest --quiet tests/packaging

FUZZ_SECONDS ?= 300
FUZZ_EXAMPLES ?= 200
fuzz: .venv-fuzz/.ready
	.venv-fuzz/bin/python tests/fuzz/guided.py $(FUZZ_SECONDS)
	FABGWAS_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) .venv-fuzz/bin/python -m pytest --quiet --numprocesses auto tests/fuzz

# a mirror of PyPI may not tell of weaknesses: then this says so, rather than that there are none
audit: .venv-audit/.ready
	@.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
		--requirement requirements.lock >.venv-audit/report 2>&1; code=$$?; \
	if [ $$code = 0 ] || grep -q "known vulnerabilit" .venv-audit/report; then \
		cat .venv-audit/report; exit $$code; \
	else \
		echo "audit: not done, as weaknesses cannot be asked for from here: $$(tail -n 1 .venv-audit/report)"; \
	fi

lock: $(VENV)/.venv
	$(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" --upgrade \
		--extra demo --extra evaluate --extra openai --output-file requirements.lock pyproject.toml

notebooks: $(VENV)/.dev
	$(BIN)/python notebooks/execute.py

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks run --only-missing
	$(BIN)/python -m benchmarks summarise

clean:
	rm -rf site $(VENV) .venv-models .venv-lowest .venv-fuzz .venv-audit demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

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

.venv-lowest/.ready: $(VENV)/.venv pyproject.toml
	$(PYTHON) -m venv --clear .venv-lowest
	$(BIN)/uv pip install --quiet --system-certs --python .venv-lowest/bin/python --resolution lowest-direct -e ".[demo,dev]"
	@touch $@

# not in dev: atheris has no build for every Python
.venv-fuzz/.ready: $(VENV)/.venv pyproject.toml
	$(PYTHON) -m venv --clear .venv-fuzz
	$(BIN)/uv pip install --quiet --system-certs --python .venv-fuzz/bin/python -e ".[dev]" atheris
	@touch $@

.venv-audit/.ready: $(VENV)/.venv
	$(PYTHON) -m venv --clear .venv-audit
	$(BIN)/uv pip install --quiet --system-certs --python .venv-audit/bin/python pip-audit
	@touch $@
