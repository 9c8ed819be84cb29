# Needs Python 3.11 or newer with venv, and make. Everything else is brought along.

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
# The venv's node and npm before those of the machine.
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Their tests start the whole product, a browser and more: they have the machine for themselves.
ALONE := tests/e2e tests/drills

.DEFAULT_GOAL := help
.PHONY: help run test journeys drills lint audit format bench faults crash migrate build pictures icons clean

help:  ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: $(VENV)/installed  ## start everything; Ctrl-C stops it
	@exec "$(BIN)/python" -m crm_app.run

test: $(VENV)/installed-dev  ## run every test (T=path for some)
ifdef T
	@"$(BIN)/python" -m pytest $(T)
else
	@"$(BIN)/python" -m pytest -n logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder \
		$(foreach folder,$(ALONE),--ignore=$(folder))
	@"$(BIN)/python" -m pytest $(ALONE)
endif

journeys: $(VENV)/installed-dev  ## walk all journeys of the browser, the long ones too
	@CRM_ALL_JOURNEYS=1 "$(BIN)/python" -m pytest tests/e2e $(T)

drills: $(VENV)/installed-dev  ## the fault run and the crash run in short, as tests
	@CRM_ALL_DRILLS=1 "$(BIN)/python" -m pytest tests/drills $(T)

lint: $(VENV)/installed-dev  ## format, lint, types, import directions, image
	@"$(BIN)/ruff" format --check .
	@"$(BIN)/ruff" check .
	@"$(BIN)/hadolint" Dockerfile
	@"$(BIN)/check-jsonschema" --quiet --builtin-schema vendor.compose-spec compose.yaml
	@"$(BIN)/lint-imports"
	@"$(BIN)/pyright"

audit: $(VENV)/installed-dev  ## ask for known holes in what we run on, where a feed answers
	@.ci/audit

format: $(VENV)/installed-dev  ## format the code
	@"$(BIN)/ruff" format .
	@"$(BIN)/ruff" check --fix .

bench: $(VENV)/installed-dev  ## measure the budgets; one JSON line a figure
	@"$(BIN)/python" -m benchmarks

faults: $(VENV)/installed-dev  ## break every channel for minutes, then compare (A="--minutes 5 --seed 1 --kill")
	@"$(BIN)/python" -m drills $(A)

crash: $(VENV)/installed-dev  ## kill everything at work, then count what is lost (A="--intents 10000 --kills 60 --seed 1")
	@"$(BIN)/python" -m drills.crash $(A)

migrate: $(VENV)/installed  ## bring the database schema up to date
	@"$(BIN)/python" -m crm_app.run migrate

build: $(VENV)/installed  ## build the pages
	@"$(BIN)/python" -m crm_app.run build

pictures: $(VENV)/installed-dev  ## take the guide's pictures from a running demo (A="orders people")
	@"$(BIN)/python" -m docs.pictures $(A)

icons: $(VENV)/installed-dev  ## draw the app's icons from assets/icon.svg
	@"$(BIN)/python" -m docs.icons

clean: $(VENV)/installed  ## delete the data of make run, the built pages and all caches
	@"$(BIN)/python" -m crm_app.run clean
	@rm -rf .data .web .states .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and none is on PATH" \
		"(found: $$(python3 --version 2>&1)). Install it, or: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make a virtual" \
		"environment. Install its venv package (Debian, Ubuntu: apt install python3-venv)."; exit 1; }
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	@echo "installing requirements.txt (first time: about a minute) ..."
	@"$(BIN)/python" -m pip install -qq --requirement requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@echo "installing requirements-dev.txt ..."
	@"$(BIN)/python" -m pip install -qq --requirement requirements-dev.txt
	@touch $@
