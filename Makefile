# `make sweep` and `make test` are all a newcomer needs: Python 3.11 or newer, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FOLDER := outputs/showcase
# Many tests wait for processes: twice as many workers as cores keep two cores busy.
WORKERS ?= 4

.PHONY: sweep test lint unit drill emulator bench clean help

help:
	@echo "make sweep      set up .venv, run the showcase sweep, print its table, write its report"
	@echo "make test       set up .venv, lint, type-check and test"
	@echo "make drill      hours of kills, simulations and documented commands; figures into docs/ (DRILL=coverage: one of them)"
	@echo "make emulator   an AWS account with Amazon Braket on this machine, to try hydra/launcher=braket_aws"
	@echo "make bench      measure, and write benchmarks/RESULTS.md (make bench BENCH=--quick tries it fast)"
	@echo "make clean      remove .venv and caches; results in outputs/ stay"

sweep: $(VENV)/installed
	$(BIN)/python -m sweeper -m +experiment=showcase hydra.sweep.dir=$(FOLDER)

test: lint unit

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

drill: $(VENV)/installed-dev
	$(BIN)/python -m drill $(DRILL)

emulator: $(VENV)/installed-dev
	$(BIN)/python -m braket_emulator

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks $(BENCH)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
