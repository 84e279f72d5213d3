# `make help` lists the targets. Set-up is .ci/setup's work, checks are .ci/run's list.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SAMPLE ?= samples/http-requests-1m-none.bin
BIN := .venv/bin

C_FILES = $(wildcard csrc/*.[ch] csrc/*/*.[ch] tests/*/*.[ch])
NOTEBOOKS = $(wildcard notebooks/*.ipynb)
SCRIPTS = .ci/setup .ci/run .ci/check-wheel .ci/fresh-machine .ci/fuzz .ci/interop

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: sweep
sweep: setup-run ## Set up, then measure every codec on a shipped sample
	$(BIN)/complab sweep $(SAMPLE)
	@echo
	@echo "For your own files:  . $(BIN)/activate  and then  complab sweep FILE"

REFERENCE = src/complab/cli/COMMANDS.md

.PHONY: reference
reference: setup-run ## Write what --help says of every command to COMMANDS.md
	$(BIN)/python -m complab.cli.reference > $(REFERENCE).new
	mv $(REFERENCE).new $(REFERENCE)

PICTURES = notebooks/pictures
PICTURE_RESULT = notebooks/data/http-requests-1m.json

.PHONY: pictures
pictures: setup-run ## Draw the README's pictures from their stored result
	for name in compress link; do for theme in light dark; do \
	  $(BIN)/complab chart $(PICTURE_RESULT) $$name --theme $$theme \
	    --output $(PICTURES)/$$name-$$theme.svg --force; \
	done; done

.PHONY: picture-data
picture-data: setup-run ## Measure that result again: a minute on a quiet machine
	$(BIN)/complab sweep samples/http-requests-1m-none.bin \
	  --save $(PICTURE_RESULT) --force

.PHONY: test
test: setup-test ## Set up, then run the tests
	$(BIN)/python -m pytest

.PHONY: test-broker
test-broker: setup-test ## Fetch a Kafka broker and other clients, then run the tests on them
	.ci/interop
	$(BIN)/python -m pytest tests/interop

.PHONY: setup-run setup-test
setup-run setup-test: setup-%:
	@.ci/setup $*

.PHONY: lint
lint: setup-test ## Check style: ruff, clang-format, shellcheck where it is installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)
	$(BIN)/pre-commit validate-config
ifneq ($(NOTEBOOKS),)
	$(BIN)/nbstripout --verify $(NOTEBOOKS)
endif
	@if command -v shellcheck >/dev/null; then \
	  echo shellcheck $(SCRIPTS); shellcheck $(SCRIPTS); \
	else echo "skipped: shellcheck is not installed"; fi

.PHONY: types
types: setup-test ## Check types: mypy, strict
	$(BIN)/mypy

.PHONY: ctest
ctest: setup-test ctest-plain ctest-sanitized ## Run the C tests, plain and under sanitizers

.PHONY: ctest-plain ctest-sanitized
ctest-sanitized: CTEST_FLAGS = -DCOMPLAB_SANITIZE=address,undefined
ctest-plain ctest-sanitized: setup-test
	$(BIN)/cmake -S csrc -B build/$@ -G Ninja --fresh \
	  -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja \
	  -DCOMPLAB_TESTS=ON -DCOMPLAB_WERROR=ON $(CTEST_FLAGS)
	$(BIN)/cmake --build build/$@
	$(BIN)/ctest --test-dir build/$@ --output-on-failure --no-tests=error

.PHONY: fuzz
fuzz: ## Fuzz every reader of the C core, FUZZ_SECONDS=60 each (needs clang)
	@.ci/setup fuzz
	.ci/fuzz

STUDY_RUNS ?= 10
STUDY_BUDGET ?= 26
STUDY_SAMPLE ?= http-requests-1m-none
STUDY_OPTIONS ?=
STUDY_NAME = $(STUDY_SAMPLE)-$(STUDY_BUDGET)s$(subst --,-,$(STUDY_OPTIONS))
STUDY_FOLDER = build/study-repeatability/$(STUDY_NAME)

.PHONY: study-repeatability
study-repeatability: setup-test ## Sweep ten times and print how far the runs lie apart
	rm -rf $(STUDY_FOLDER)
	$(BIN)/python tests/studies/repeatability.py run $(STUDY_FOLDER) \
	  --runs $(STUDY_RUNS) --budget $(STUDY_BUDGET) \
	  --sample samples/$(STUDY_SAMPLE).bin $(STUDY_OPTIONS)
	$(BIN)/python tests/studies/repeatability.py reduce $(STUDY_FOLDER)/*.json \
	  --output $(STUDY_FOLDER).csv
	$(BIN)/python tests/studies/repeatability.py tell $(STUDY_FOLDER).csv

.PHONY: wheel
wheel: setup-test ## Build the wheel into dist/ and check that it needs libc alone
	rm -rf dist
	$(BIN)/python -m pip wheel -q --no-build-isolation --no-deps -w dist .
	.ci/check-wheel dist/*.whl

.PHONY: notebooks
notebooks: setup-test ## Run every notebook from its first cell to its last
ifeq ($(NOTEBOOKS),)
	@echo "skipped: there are no notebooks"
else
	$(BIN)/jupyter-execute --timeout=600 $(NOTEBOOKS)
endif

KILLS ?= 100

.PHONY: study-kills
study-kills: setup-test ## Kill $(KILLS) sweeps at random moments and resume them
	$(BIN)/python tests/studies/kills.py $(KILLS)

CLIENTS = build/study-clients

.PHONY: study-clients
study-clients: setup-test ## Hold foretold bytes against those of six clients on a broker (20 min)
	.ci/interop
	$(BIN)/python tests/studies/client_bytes.py send $(CLIENTS)
	$(BIN)/python tests/studies/client_bytes.py foretell $(CLIENTS) $(CLIENTS).csv
	$(BIN)/python tests/studies/client_bytes.py tell $(CLIENTS).csv

.PHONY: study-client-cpu
study-client-cpu: setup-test ## Time producers as processes, beside what replay foretells (7 min)
	.ci/interop
	$(BIN)/python tests/studies/client_cpu.py run $(CLIENTS)-cpu.csv
	$(BIN)/python tests/studies/client_cpu.py tell $(CLIENTS)-cpu.csv
	$(BIN)/python tests/studies/client_cpu.py streams

.PHONY: study-budgets
study-budgets: setup-test ## Hold sweeps against their budgets, everything included
	$(BIN)/python tests/studies/budgets.py 5

.PHONY: lock
lock: setup-test ## Make .ci/constraints.txt anew with the newest versions
	$(BIN)/python -m pip install -q --no-input --group lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	  --no-header --no-annotate --all-extras \
	  --group build --group test --group lock \
	  --constraint samples/generator/requirements.txt \
	  --output-file .ci/constraints.txt pyproject.toml

.PHONY: format
format: setup-test ## Rewrite the sources in the house's format
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format
	$(BIN)/clang-format -i $(C_FILES)

STUDIES = tests/studies/data

.PHONY: study-false-alarms
study-false-alarms: setup-test ## 200 comparisons of libraries with their copies (70 min)
	$(BIN)/python tests/studies/comparisons.py false-alarms --count 200 \
	  --data $(STUDIES)/false-alarms.jsonl

.PHONY: study-power
study-power: setup-test ## 100 comparisons with a libzstd that wastes 5 % (35 min)
	$(BIN)/python tests/studies/comparisons.py power --count 100 \
	  --data $(STUDIES)/power.jsonl

.PHONY: study-survey
study-survey: setup-test ## 100 surveys of 2 GB, their intervals held against a full pass (20 min)
	$(BIN)/python tests/studies/survey_coverage.py run --data $(STUDIES)/survey.json

.PHONY: fresh-machine
fresh-machine: ## Run the README's two commands in a bare Debian 12 (root, debootstrap)
	.ci/fresh-machine

.PHONY: clean
clean: ## Remove .venv and everything that was built
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis \
	  .benchmarks .coverage
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
