# `make demo` and `make test` need python3 (3.11 or newer) with pip (22.3 or newer), and make: no other step.
# Another Python: `make test PY=python3.12`. Everything stays inside this folder; `make clean` takes it away again.
PY   ?= python3
VENV := .venv
RUN  := $(VENV)/bin/python
DONE := $(VENV)/.done-$(shell $(PY) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# pip: into the environment although the machine's settings say otherwise, and without a cache elsewhere.
export PIP_USER := 0
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# matplotlib's font cache, the compiled fast path and the tests' folders belong inside; no other folder's packages may
# answer to our names.
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib
export STUNLAB_CACHE := $(CURDIR)/$(VENV)/compiled
export PYTEST_DEBUG_TEMPROOT := $(CURDIR)/$(VENV)/tests
export PYTHONHASHSEED ?= 0
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH PIP_TARGET PIP_PREFIX

$(DONE): requirements.lock
	@$(PY) -c 'import sys; sys.exit("stunlab needs Python 3.11 or newer: make PY=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PY) -m pip --version > /dev/null || { echo "stunlab needs pip for $(PY)" >&2; exit 1; }
	$(PY) -m venv --clear --without-pip $(VENV)
	$(PY) -m pip --python $(RUN) install -q --no-compile --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

install: $(DONE)
demo: $(DONE) ; $(RUN) -m experiments demo --force
test: $(DONE) ; @mkdir -p $(VENV)/tests && $(RUN) -m pytest -q -n 2 --dist worksteal -m "not slow"
slow: $(DONE) ; @mkdir -p $(VENV)/tests && $(RUN) -m pytest -q -n 2 --dist worksteal -m slow
validate: $(DONE) ; $(RUN) -m experiments validate
pictures: $(DONE) ; $(RUN) -m experiments pictures
mutants: $(DONE) ; $(RUN) tests/mutants/run.py
lint: $(DONE) ; $(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(RUN) -m mypy
clean: ; rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis && find . -name __pycache__ -type d -prune -exec rm -rf {} +
.PHONY: install demo test slow validate pictures lint clean mutants
