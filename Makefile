# `make` alone lists what can be asked for. Each step leaves a stamp beside what it made, so nothing is done twice,
# and deleting what it made (.venv, nginx/node_modules, nginx/dist) deletes its stamp along with it.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Tests and builds would fight over two cores and one terminal; each of them is parallel inside where that pays. What takes one
# processor only goes beside what takes another (AT_ONCE), and is printed when it is done.
ifndef BESIDE
.NOTPARALLEL:
endif
AT_ONCE = +@$(MAKE) --no-print-directory BESIDE=1 --jobs=2 --output-sync=recurse ARGS=

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; name another with `make PYTHON=/path/to/python …`.
PYTHON ?= $(shell scripts/system-parts --python)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKS := media-server/requirements
PAGES := $(shell find nginx/src nginx/public -type f 2>/dev/null) $(wildcard nginx/*.ts nginx/*.json)
# .venv/bin comes first because Node lives there on machines that have none of their own.
export PATH := $(CURDIR)/$(BIN):$(PATH):/usr/sbin
# What to hand on to the tool behind a target: `make http ARGS='-k range -x'`.
ARGS ?=
# Half of the tests' time is waiting, so there may be twice as many of them at once as there are processors, where each
# of them has a GiB of memory for itself, its servers and its browser. More take as long in all, and wait for each other.
PROCESSES := $(shell awk -v n=$$(nproc) '/^MemAvailable/ { gib = int($$2 / 2^20) } END { print (gib > 2*n ? 2*n : gib > n ? gib : n) }' /proc/meminfo)
# Tests start a thousand programs, each of which would compile all of the code for itself.
unexport PYTHONDONTWRITEBYTECODE
# Tests of one file share servers; tests/conftest.py lets long files begin first.
BY_FILE := --dist=loadfile --no-loadscope-reorder

.PHONY: help run build dist setup hooks test compiled alone unit contracts http browser faults cluster swift shots torture bench web-test lint fmt locks generated clean system-parts

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Set up what is missing, build the pages and start the server
	@exec $(BIN)/droppr serve $(ARGS)

build: $(VENV)/.server nginx/dist/.built ## The same without starting it: what an init system starts later

dist: build ## Build what others install into dist/: the Python package with the pages in it, and the upload library for npm
	rm -rf dist
	$(PIP) wheel --no-index --no-deps --no-build-isolation --wheel-dir dist .
	cd nginx && npm run --silent pack:lib -- ../dist
	@ls dist

hooks: ## Let git check what you commit: style, and the tests of how the code is laid out
	git config core.hooksPath scripts

setup: $(VENV)/.dev nginx/dist/.built ## Set up for development: .venv, node_modules, built pages

test: system-parts ## Lint, then run every test
	$(AT_ONCE) setup
	$(AT_ONCE) lint web-test compiled
	$(BIN)/pytest --numprocesses=$(PROCESSES) $(BY_FILE) $(ARGS)

# Else each of the processes that share the tests would compile all of them, all of these at the same time.
compiled: $(VENV)/.dev
	@found=$$($(BIN)/pytest --collect-only -qq) || { echo "$$found"; exit 1; }

alone: system-parts setup ## Run every test with servers and browsers of its own: make alone ARGS='--shard 2/8' (DROPPR_TEST_SEED chooses another order)
	$(BIN)/pytest --fresh --numprocesses=$(PROCESSES) --dist=worksteal $(ARGS)

unit contracts faults: $(VENV)/.dev ## Run the tests of one folder
	$(BIN)/pytest tests/$@ $(ARGS)

contracts faults: system-parts

torture: system-parts $(VENV)/.fuzz ## Run the fault tests at full length: every step, every kind (DROPPR_TEST_SEED repeats a run, DROPPR_TORTURE_GIB=1 shortens it)
	$(BIN)/pytest tests/faults --torture --numprocesses=2 $(BY_FILE) $(ARGS)
	+@$(MAKE) --no-print-directory swift ARGS=

CLUSTER = $(BIN)/pytest tests/contracts $(wildcard tests/*/test_cluster*.py) --cluster --numprocesses=2 $(BY_FILE) -k 'cluster or bucket'

cluster: system-parts setup ## Run all tests of many nodes on PostgreSQL and an S3 store, also those that make test leaves out
	$(CLUSTER) $(ARGS)

swift: system-parts setup ## The same on OpenStack Swift, a store that does less (its code comes from Debian, and no service of it is started)
	@scripts/system-parts python3-swift
	$(CLUSTER) --store=swift $(ARGS)

http browser: system-parts setup ## The same, of a folder that needs nginx, browsers or the built pages
	$(BIN)/pytest tests/$@ $(ARGS)

shots: system-parts setup ## Put pictures of every page in its main states and at four widths into .cache/shots, for people to look at before a release
	rm -rf .cache/shots
	$(BIN)/pytest $$(grep --files-with-matches gauge tests/browser/test_*.py) --shots .cache/shots $(ARGS)
	@echo "Look at them: $(CURDIR)/.cache/shots"

bench: system-parts setup ## Measure beside nginx and others: make bench ARGS='speed --rounds 3', ARGS=--help
	$(BIN)/python -m tests.bench $(ARGS)

web-test: nginx/node_modules/.installed ## Run the tests of the pages' TypeScript
	cd nginx && npx --no-install vitest run $(if $(filter web-test,$(MAKECMDGOALS)),$(ARGS))

lint: $(VENV)/.dev nginx/node_modules/.installed ## Check style and types: ruff, mypy, tsc, biome
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd nginx && npx --no-install tsc --noEmit && npx --no-install biome ci .

fmt: $(VENV)/.dev nginx/node_modules/.installed ## Put Python and TypeScript into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd nginx && npx --no-install biome check --write .

locks: ## Bring the locked Python dependencies up to date (needs uv)
	@for set in ':--extra server --extra build' '-remotes:--extra server --extra build --extra s3 --extra drive --extra postgres --extra chat' \
	    '-search:--extra server --extra build --extra s3 --extra drive --extra postgres --extra chat --extra search --extra previews' \
	    '-dev:--extra server --extra build --extra s3 --extra drive --extra postgres --extra chat --extra search --extra previews --extra test --extra lint' '-fuzz:--extra fuzz' '-node:--extra node'; do \
	    uv pip compile --quiet --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	        --python-version 3.11 $${set#*:} setup.cfg --output-file $(LOCKS)$${set%%:*}.lock; \
	done

generated: $(VENV)/.dev nginx/node_modules/.installed ## Write what is made of the code: docs/openapi.json, tables in the docs, the pages' types
	$(BIN)/python scripts/generate.py
	cd nginx && npm run --silent contract

clean: ## Remove everything that was installed or built here; received files in data/ stay
	rm -rf $(VENV) .cache .hypothesis dist nginx/node_modules nginx/dist nginx/dist-lib media-server/*.egg-info
	find media-server tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What the tests need and neither PyPI nor npm carries.
system-parts:
	@scripts/system-parts git nginx chromium 'chromium-headless-shell?' firefox-esr WebKitWebDriver Xvfb curl openssl strace mkfs.ext4 mount pebble certbot systemd-analyze gcc libc6-dev postgresql tesseract tesseract-deu ffmpeg ip

$(VENV)/.created:
	@scripts/system-parts venv
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Node first, as it may come into the same folder: nothing is installed there by two at once.
$(VENV)/.server: $(VENV)/.created $(LOCKS).lock setup.cfg pyproject.toml | $(VENV)/.node
	$(PIP) install --require-hashes -r $(LOCKS).lock
	$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.server $(LOCKS)-dev.lock
	$(PIP) install --require-hashes -r $(LOCKS)-dev.lock
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev $(LOCKS)-fuzz.lock
	@[ "$$(uname -m)" != x86_64 ] || $(PIP) install --require-hashes -r $(LOCKS)-fuzz.lock
	@touch $@

$(VENV)/.node: $(VENV)/.created $(LOCKS)-node.lock
	@scripts/system-parts --node || $(PIP) install --require-hashes -r $(LOCKS)-node.lock
	@touch $@

nginx/node_modules/.installed: $(VENV)/.node nginx/package.json nginx/package-lock.json
	cd nginx && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

nginx/dist/.built: nginx/node_modules/.installed $(PAGES)
	cd nginx && npm run --silent build
	@touch $@
