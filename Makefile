# Set-up, checks and the demo. Everything lives in .venv; nothing outside the clone is touched but
# pip's cache, which keeps the compiled llama-cpp-python for the next clone, and, by test-editors, a
# cache folder of its own with the editors.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
RECIPE := pyproject.toml constraints.txt beadline/__init__.py
NOT_HERE := not network and not editor and not gpu and not typescript and not wheelhouse
# Side by side where a test's process can be kept to one core; WORKERS=0: one after the other.
WORKERS ?= $(if $(wildcard /proc/self),auto,0)
SIDE_BY_SIDE := -n $(WORKERS) --maxprocesses 8 --dist loadscope

# llama-cpp-python is compiled from source: several minutes on two cores, once.
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)

.PHONY: help demo demo-train test test-fast test-editors test-neovim soak lint docs pictures \
	release wheelhouse clean
.DELETE_ON_ERROR:

help:
	@echo "make demo       set up .venv and let the built-in model fill holes in real code"
	@echo "make demo-train tune the model on a small repository, and prove it"
	@echo "make test       set up .venv and run lint, type check, import contracts and all tests"
	@echo "make test-fast  the same without the slow tests"
	@echo "make test-editors  try the server in real Neovim and VS Code, set up in your cache folder"
	@echo "make test-neovim   the part of it for Neovim alone, which is small"
	@echo "make soak       10,000 requests to the real server, with cancels and killed workers"
	@echo "make lint       lint, type check and import contracts"
	@echo "make docs       the documentation as a site, in build/site"
	@echo "make pictures   the pictures of the documentation, from the real editors"
	@echo "make release    all that is published, with checksums, in dist"
	@echo "make wheelhouse wheels for machines without a compiler, tried on an older processor"
	@echo "make clean      remove .venv and caches"

demo: $(VENV)/.core
	@$(BIN)/beadline demo

# Meant for ten minutes: a repository is made from an installed package, and the model tuned on it.
demo-train: $(VENV)/.dev
	@$(BIN)/beadline demo --train

test: $(VENV)/.vocabularies lint
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "$(NOT_HERE)"

test-fast: $(VENV)/.vocabularies lint
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "$(NOT_HERE) and not slow"

# Downloads 0.6 GB and compiles for minutes, once (docs/editors.md).
test-editors: $(VENV)/.dev
	@$(BIN)/python -m tests.editors.install
	@$(BIN)/python -m pytest -m editor --durations=0 --durations-min=1 tests/editors

# Of these the part that needs neither a browser nor a compiler: Neovim of three versions, 40 MB.
test-neovim: $(VENV)/.dev
	@$(BIN)/python -m tests.editors.install neovim
	@$(BIN)/python -m pytest -m editor -k "not vscode" tests/editors/neovim tests/editors/test_smoke.py

# A thousand of them are part of `make test`. SEED repeats a run that failed.
soak: $(VENV)/.dev
	@$(BIN)/python -m tests.e2e.soak --requests $(or $(REQUESTS),10000) --seed $(or $(SEED),1)

lint: $(VENV)/.dev
	@$(BIN)/ruff check
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports

docs: $(VENV)/.docs
	@$(BIN)/python -m mkdocs build --strict

# Of the editors that test-editors sets up. MODEL=PATH for another model than the built-in one.
pictures: $(VENV)/.dev $(VENV)/.docs
	@PYTHONPATH=. $(BIN)/python packaging/pictures/take.py docs/pictures \
		$(if $(MODEL),--model $(MODEL))

release: $(VENV)/.dev
	@$(BIN)/python packaging/release.py

# Compiles llama.cpp once more and emulates a processor, for half an hour (docs/install.md).
# LEVEL=x86-64-v2 PROCESSOR=Nehalem for still older ones.
wheelhouse: $(VENV)/.dev
	@$(BIN)/python packaging/wheelhouse.py --level $(or $(LEVEL),x86-64-v3) dist/wheelhouse
	@BEADLINE_PROCESSOR=$(or $(PROCESSOR),Haswell) $(BIN)/python -m pytest -m wheelhouse tests/distribution

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find beadline tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.python:
	@./.ci/check-machine $(PYTHON)
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.core: $(VENV)/.python $(RECIPE)
	@echo "installing beadline into $(VENV); the first time llama-cpp-python is compiled (minutes) ..."
	@$(PIP) -e .
	@touch $@

# torch goes first and alone, so that a pip that finds a CPU build of the pinned version takes it.
$(VENV)/.dev: $(VENV)/.core
	@echo "installing the tools and libraries of the tests into $(VENV) ..."
	@$(PIP) torch==$$(sed -n 's/^torch==//p' constraints.txt)
	@$(PIP) -e '.[dev,train]'
	@touch $@

$(VENV)/.docs: $(VENV)/.core
	@$(PIP) -e '.[docs]'
	@touch $@

# Real vocabularies for the tests of prompt forms; BEADLINE_VOCABULARIES names another folder.
$(VENV)/.vocabularies: $(VENV)/.dev tests/vocabularies.py
	@echo "fetching vocabularies for the tests into $(VENV)/vocabularies ..."
	@$(BIN)/python tests/vocabularies.py $(VENV)/vocabularies
	@touch $@
