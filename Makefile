# Each task prepares what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Rosterhold needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.PHONY: install
install: $(READY) ## make the virtual environment

.PHONY: demo
demo: $(READY) ## run the main job on a generated district (ARGS=--auto decides by itself)
	$(BIN)/rosterhold demo $(ARGS)

.PHONY: test
test: $(READY) ## run all tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: chaos-test
chaos-test: $(READY) ## of all tests, the short fault storms and how processes end
	ROSTERHOLD_LONG_TESTS=1 $(BIN)/python -m pytest -m chaos $(ARGS)

SYNCS ?= 10000
SEED ?=
.PHONY: chaos
chaos: $(READY) ## a long fault storm over real processes (SYNCS=10000 SEED=7)
	PYTHONPATH=tests $(BIN)/python -m chaos --syncs $(SYNCS) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: chaos-outside
chaos-outside: SYNCS = 2000
chaos-outside: $(READY) ## a long storm by commands, mails, pages and SQL alone (SYNCS=2000 SEED=7)
	PYTHONPATH=tests $(BIN)/python -m chaos --outside --syncs $(SYNCS) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: lint
lint: $(READY) ## style, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy benchmarks/*.py
	$(BIN)/lint-imports

.PHONY: format
format: $(READY) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: docs
docs: $(READY) ## write the generated pages of docs/ anew
	$(BIN)/python -m rosterhold.statemachine.describe docs/states.md
	$(BIN)/python -m rosterhold.web.api.describe docs/openapi.json

CATALOGUES := rosterhold/locale
.PHONY: texts
texts: $(READY) ## put new texts into the catalogues of the translations
	@mkdir -p var
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ -k say -k plural:1,2 --omit-header --no-location \
		--sort-output -o var/texts.pot .
	$(BIN)/pybabel -q update -i var/texts.pot -d $(CATALOGUES) -D rosterhold --no-fuzzy-matching \
		--ignore-obsolete --ignore-pot-creation-date --width 0

.PHONY: site
site: $(READY) ## build the documentation site into build/site; broken links end it
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

RELEASE := build/release
.PHONY: release-check
release-check: $(READY) ## build sdist and wheel, and run the demo from the wheel alone
	rm -rf dist $(RELEASE)
	$(BIN)/hatchling build
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock dist/*.whl
	cd $(RELEASE) && env -u PYTHONPATH bin/rosterhold demo --auto

.PHONY: clean
clean: ## remove the environment and what the demo left
	rm -rf $(VENV) var build dist
