# The commands of this house; `make help` lists them. Everything lands in .venv and instance/, both ignored by git.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SILENT:

# Processes are started by the dozen in tests and three at a time by `make run`: each would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

# The first Python on PATH that is new enough; PYTHON=… names another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && exit; done; echo python3)
BIN := .venv/bin
TREES := portal tests benchmarks tools app.py
PO := $(wildcard translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)

.PHONY: help run test torture coverage check mutate judge bench bench-scale screenshots messages lock format clean

help: ## What can be asked for
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/run.stamp $(MO) ## Everything in one terminal: web, worker and the Stripe stand-in (PORT=8000)
	exec $(BIN)/portal run

test: .venv/dev.stamp $(MO) ## Every test, on SQLite and PostgreSQL, in a browser where there is one (ARGS=…)
	$(BIN)/python tools/tests.py $(ARGS)

torture: .venv/dev.stamp $(MO) ## Thousands of random stories of money on both databases (STORIES=5000)
	STORIES=$${STORIES:-5000} $(BIN)/python tools/tests.py tests/billing/test_machine.py --everywhere

coverage: .venv/dev.stamp $(MO) ## Lines and branches of a room that its tests miss (ARGS=accounts: none may be)
	$(BIN)/python tools/room_coverage.py $(ARGS)

check: .venv/dev.stamp $(MO) ## Lint, format, types, imports, security, migrations, translations, settings
	$(BIN)/python tools/check.py $(ARGS)

mutate: .venv/dev.stamp $(MO) ## Spoil a module line by line; some test must notice (ARGS="portal/access/case.py")
	$(BIN)/python tools/mutate.py $(ARGS)

judge: .venv/dev.stamp $(MO) ## Every page before a browser: axe, valid HTML, 320 px, weight (ARGS="--only plans")
	$(BIN)/python -m tools.judge $(ARGS)

bench: .venv/dev.stamp $(MO) ## How fast the pages are, beside a bare Flask on the same machine
	$(BIN)/python -m benchmarks.run $(ARGS)

bench-scale: .venv/dev.stamp $(MO) ## The same with a million readers on both databases, kept in instance/scale (ARGS="--readers 10000")
	$(BIN)/python -m benchmarks.scale $(ARGS)

screenshots: .venv/dev.stamp $(MO) ## Pictures of eight pages and all mails into screenshots/ (ARGS=--docs: into docs/img/)
	$(BIN)/python -m tools.screenshots $(ARGS)

messages: .venv/dev.stamp ## Collect the messages of code and templates into translations/
	$(BIN)/python tools/messages.py update

format: .venv/dev.stamp ## Put the code in the house's shape
	$(BIN)/ruff check --quiet --fix $(wildcard $(TREES)); $(BIN)/ruff format $(wildcard $(TREES))

lock: .venv/dev.stamp ## Write the lock files again (ARGS=--upgrade for newer versions)
	$(BIN)/python tools/lock.py $(ARGS)

clean: ## Remove the environment and caches; the data in instance/ stays
	rm -rf .venv mutants .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	rm -f $(MO)

.venv/run.stamp: requirements.lock pyproject.toml tools/environment.py
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Python 3.11 or newer is needed, and there is no $(PYTHON) here." >&2; exit 1; }
	$(PYTHON) tools/environment.py run

.venv/dev.stamp: requirements-dev.lock pyproject.toml tools/environment.py
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Python 3.11 or newer is needed, and there is no $(PYTHON) here." >&2; exit 1; }
	$(PYTHON) tools/environment.py dev

# The files keep no header (it would change with every update), and Babel takes that for fuzzy; `make check` refuses
# messages that are.
%.mo: %.po
	$(BIN)/pybabel --quiet compile --use-fuzzy --input-file $< --output-file $@
