# The commands of the house. Everything happens in .venv, which is made on first use.

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; set PYTHON=... to choose another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)
INSTALLED := $(VENV)/.installed
SITE_INSTALLED := $(VENV)/.site-installed

.DEFAULT_GOAL := help
.PHONY: help install demo test check format bench chaos pictures docs site release lock clean

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

install: $(INSTALLED)  ## make .venv and install everything into it

$(INSTALLED): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "lipwright needs Python 3.11 or newer" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@echo "installing into $(VENV), about a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED)  ## make a face say a line: the whole service, once through
	@$(BIN)/python demo/run.py

test: $(INSTALLED)  ## run the tests
	@$(BIN)/python -m pytest

check: $(INSTALLED)  ## lint, format check, types, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy demo scripts examples clients chaos
	$(BIN)/lint-imports

format: $(INSTALLED)  ## format the code and sort its imports
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED)  ## measure speed and memory (OPTIONS=--quick: roughly)
	@$(BIN)/lipwright bench $(OPTIONS)

chaos: $(INSTALLED)  ## kill parts of a fleet for MINUTES and look whether anything was lost
	@$(BIN)/python -m chaos --minutes $(or $(MINUTES),3) $(CHAOS_OPTIONS)

pictures: demo  ## run the demo and make the README's and the pages' pictures of its result
	@$(BIN)/python scripts/readme_picture.py
	@$(BIN)/python scripts/how_pictures.py

docs: $(INSTALLED)  ## write the pages of docs/ that are made from code
	@$(BIN)/python scripts/write_docs.py
	@$(BIN)/python clients/typescript/generate_types.py

site: $(SITE_INSTALLED)  ## build the documentation site into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --clean
	@echo "build/site/index.html"

$(SITE_INSTALLED): $(INSTALLED) requirements/docs.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

release:  ## make sdist, wheel and bill of materials in dist/, and try them out
	@PYTHON=$(PYTHON) scripts/release.sh

lock: $(INSTALLED)  ## pin all dependencies anew (needs the uv package)
	@scripts/lock.sh

clean:  ## remove .venv and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
