# The front door. `make help` reads the ## comments.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
DATA ?= data/demo
WORKERS ?= -1
EXPERIMENT ?= configs/mixtures/demo.yaml
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

.PHONY: help demo run status query funnel classifier tokens mixture register validate report ocr test check bench docs clean

help: ## Say what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "  python -m pipeline --help   all options (in $(VENV)/bin)"

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
	  || { echo "Python 3.11 or 3.12 is needed: make demo PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.txt constraints.txt requirements-nodeps.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $$(realpath $(VENV)): once, some minutes"
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

data/demo-raw/planted.json: $(wildcard pipeline/demo/*.py) $(shell find configs/demo_texts -type f) $(INSTALLED)
	@rm -rf data/demo-raw  # another Python has other files
	$(PY) -m pipeline.demo.shards data/demo-raw
	@touch $@

demo: data/demo-raw/planted.json ## Raw shards from what is installed, to a corpus, to a validated mixture
	@$(PY) -m pipeline run --config configs/demo.yaml --data data/demo --workers $(WORKERS)
	@$(PY) -m proxy_models register --experiment configs/mixtures/demo.yaml --data data/demo
	@$(PY) -m proxy_models validate --experiment configs/mixtures/demo.yaml --data data/demo

run: $(INSTALLED) ## CONFIG=configs/x.yaml [DATA=folder or URL] [WORKERS=n] [ARGS="--plan | --explain | --sample 0.1%"]
	@test -n "$(CONFIG)" || { echo "make run CONFIG=configs/x.yaml"; exit 2; }
	@$(PY) -m pipeline run --config $(CONFIG) --workers $(WORKERS) $(if $(filter-out file,$(origin DATA)),--data $(DATA)) $(ARGS)

status: $(INSTALLED) ## DATA=folder: how far the latest run is, alive or dead
	@$(PY) -m pipeline status --data $(DATA)

query: $(INSTALLED) ## SQL="select ..." [DATA=folder]: over documents, dropped, duplicates, evidence, cuts, measured, audit, funnel
	@$(PY) -m pipeline query --data $(DATA) "$$SQL"
query: export SQL := $(SQL)

funnel: $(INSTALLED) ## [DATA=folder]: the funnel as a table, and where its page is
	@$(PY) -m pipeline funnel --data $(DATA)

tokens: $(INSTALLED) ## [DATA=folder] [ARGS="--vocabulary n --tokenizer x.json"]: the published corpus as token files
	@$(PY) -m proxy_models tokens --data $(DATA) $(ARGS)

mixture: $(INSTALLED) ## [EXPERIMENT=configs/x.yaml] [DATA=folder] [ARGS="--device cuda"]: train proxies, propose a mixture
	@$(PY) -m proxy_models sweep --experiment $(EXPERIMENT) --data $(DATA) $(ARGS)

register: $(INSTALLED) ## The same, then what validation must show is written down, before its first run
	@$(PY) -m proxy_models register --experiment $(EXPERIMENT) --data $(DATA) $(ARGS)

validate: $(INSTALLED) ## Larger models on the mixtures that were registered, and the verdict
	@$(PY) -m proxy_models validate --experiment $(EXPERIMENT) --data $(DATA) $(ARGS)

report: $(INSTALLED) ## [DATA=folder]: what the mixture reports say, and where their pages are
	@$(PY) -m mixtures report $(DATA)/61_reports

classifier: $(INSTALLED) ## [CONFIG=configs/classifiers/topic.yaml] [MODEL=folder]: train and judge a text classifier on the demo's corpus
	@test -d data/demo/40_published || { echo "run \`make demo\` first: it makes the corpus that is trained on"; exit 2; }
	@$(PY) -m classifiers train --config $(or $(CONFIG),configs/classifiers/quality.yaml) --output $(or $(MODEL),data/classifiers/quality)

ocr: $(INSTALLED) ## FILE=x.pdf [ARGS="--ocr never"]: read a PDF, scans too; x.pdf.html has each page beside its text
	@test -n "$(FILE)" || { echo "make ocr FILE=x.pdf"; exit 2; }
	@$(PY) -m pipeline extract "$(FILE)" --view "$(FILE).html" $(ARGS)

# One process more than cores: tests that start, kill and wait for processes leave a core idle a sixth of the time.
TEST_PROCESSES = $(shell $(PY) -c 'import os; print(min(8, os.cpu_count() + 1))')

test: $(INSTALLED_DEV) ## Run all tests, a module a core and one more; says what was skipped and why
	$(PY) -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

check: $(INSTALLED_DEV) ## ruff, mypy --strict, import-linter
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(INSTALLED_DEV) ## Documents and MB per CPU second of each stage and the web path, datatrove beside us
	$(PY) benchmarks/run.py

docs: $(INSTALLED) ## Write docs/data-dictionary.md from the schemas, docs/config.md from the models of a config
	$(PY) -m pipeline.documentation.dictionary > docs/data-dictionary.md
	$(PY) -m pipeline.documentation.config_reference > docs/config.md

clean: ## Remove the demo's data (not the environment)
	rm -rf data/demo data/demo-raw
