# make run    serve the site on 127.0.0.1:8000       (PORT=8123 DATA=/some/folder PACE=1 DNS_PORT=5353 BIND=0.0.0.0 FLAGS=...)
# make test   run the tests, browser tests included  (ARGS="-k deployment")
# make conformance  play 24 scenarios with the real kubectl, compare with a real cluster, print a table (5 minutes)
# make upstream  run Kubernetes' own end-to-end specs (needs Go; builds for ten minutes once, runs for ten)
# make races  play 2000 clusters with lag (RACES=20000, RACES_FROM=5000; RACE=17 plays one)
# make check  ruff, mypy, import-linter
# make bench  measure; prints a table
# make lock   pin requirements*.in again
# make protobuf  write core/apiserver/protobuf.txt again (K8S_IO=folder of the Go modules)

PORT ?= 8000
BIND ?= 127.0.0.1
DATA ?= data
PACE ?=
DNS_PORT ?=
FLAGS ?=
ARGS ?=
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras \
	--allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

export STSVIZ_DATA = $(abspath $(DATA))
ifneq ($(PACE),)
export PACE
endif
ifneq ($(DNS_PORT),)
export DNS_PORT
endif

.PHONY: run test conformance races check bench lock protobuf demo clean
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	@$(BIN)/python manage.py serve --bind $(BIND) --port $(PORT) $(FLAGS)

demo: $(VENV)/.installed
	@$(BIN)/python manage.py demo $(FLAGS)

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest $(ARGS)

conformance: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.conformance $(ARGS)

upstream: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.upstream $(ARGS)

races: $(VENV)/.installed-dev
	@RACES=$${RACES:-2000} $(BIN)/python -m pytest -q tests/properties/test_races.py $(ARGS)

check: $(VENV)/.installed-dev
	@echo "ruff: style" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "mypy: types" && $(BIN)/mypy
	@echo "import-linter: rooms" && $(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m bench $(FLAGS)

lock: $(VENV)/.installed-dev
	@echo "pinning requirements.in" && $(COMPILE) -o requirements.txt requirements.in
	@echo "pinning requirements-dev.in" && $(COMPILE) -o requirements-dev.txt requirements-dev.in

protobuf: $(VENV)/.installed
	@$(BIN)/python tools/protobuf_fields.py $(K8S_IO)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@echo "python: making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "stsviz needs Python 3.11 or newer: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)

# A stamp is the copy of what was installed: the same text means there is nothing to do.
$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@cmp -s $< $@ || { echo "packages: installing what stsviz needs (once, a minute or so)" && $(INSTALL) -r $<; }
	@cp $< $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@cmp -s $< $@ || { echo "packages: installing what the tests need (once)" && $(INSTALL) -r $<; }
	@cp $< $@
	@.ci/chromium
