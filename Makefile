# Two commands matter: `make run` and `make test`. Both need only Python 3.11+.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One more than there are cores: many tests wait for processes of their own. Not more than Valkey has databases.
PYTEST_WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(os.cpu_count() + 1, 12))')

# uv trusts whom the machine trusts, as pip does: a company's proxy too.
export UV_SYSTEM_CERTS ?= 1

# Where a machine forbids Python to keep bytecode, each of the hundred processes of a test run would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint types bench security sbom clean help

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ —/'

run: $(VENV)/.embedded  ## start everything on this machine: web, workers, Postgres, Valkey, stand-ins
	@$(BIN)/callwaiting up

test: $(VENV)/.dev  ## the whole test suite
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS)

lint: $(VENV)/.dev  ## ruff, import contracts
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: $(VENV)/.dev  ## mypy --strict
	$(BIN)/mypy

bench: $(VENV)/.dev  ## the benches (bench/README.md); BENCH="ack process" runs these
	$(BIN)/python -m bench $(BENCH)

security: $(VENV)/.dev $(VENV)-security/.tools  ## attack a system of our own (docs/security.md); CHECKS="sslscan bandit" runs these
	@$(BIN)/python -m security $(CHECKS)

sbom: $(VENV)/.dev  ## build/sbom.json: what production consists of, with versions and licences
	@mkdir -p build && $(BIN)/python -m security.sbom > build/sbom.json && echo build/sbom.json

clean:  ## remove the venv and caches; data in .callwaiting/ stay
	rm -rf $(VENV) $(VENV)-security .pytest_cache .mypy_cache .ruff_cache build *.egg-info

# uv installs in seconds what pip needs minutes for; where it cannot be had, or cannot reach the index, pip does.
define install
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install -q --disable-pip-version-check uv || true
	@{ $(BIN)/python -m uv pip install -q -p $(BIN)/python -r $(1) && $(BIN)/python -m uv pip install -q -p $(BIN)/python --no-deps -e . ; } || { \
		echo "uv could not install; pip does, which takes minutes …" ; \
		$(BIN)/python -m pip install -q --disable-pip-version-check -r $(1) && $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e . ; \
	}
endef

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (PYTHON=…)"; exit 1; }
	@echo "Making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.embedded: requirements.txt requirements-embedded.txt pyproject.toml | $(BIN)/python
	@echo "Installing …"
	$(call install,requirements-embedded.txt)
	@touch $@

$(VENV)/.dev: requirements.txt requirements-embedded.txt requirements-dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing …"
	$(call install,requirements-dev.txt)
	@touch $@ $(VENV)/.embedded

# What cannot be installed is skipped by `security`, which says so.
$(VENV)-security/.tools: requirements-security.txt | $(VENV)/.dev
	@test -x $(VENV)-security/bin/python || $(PYTHON) -m venv $(VENV)-security
	@$(BIN)/python -m uv pip install -q -p $(VENV)-security/bin/python -r $< 2>/dev/null \
		|| $(VENV)-security/bin/python -m pip install -q --disable-pip-version-check -r $< \
		|| echo "The tools of requirements-security.txt could not be installed: their checks will be SKIPPED."
	@touch $@
