# `make demo` and `make test` need python3 (3.11 or newer), pip and make: no other step.
PY    ?= python3
VENV  := .venv
RUN   := $(VENV)/bin/python
export PIP_USER := 0
export PYTHONHASHSEED ?= 0

$(VENV)/.done: requirements.lock
	$(PY) -m venv --clear --without-pip $(VENV)
	$(PY) -m pip --python $(RUN) install -q --no-compile --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

install: $(VENV)/.done
demo: $(VENV)/.done ; $(RUN) -m experiments demo --force
test: $(VENV)/.done ; $(RUN) -m pytest -q
lint: $(VENV)/.done ; $(RUN) -m ruff check . && $(RUN) -m mypy
.PHONY: install demo test lint
