# make run: everything from a bare clone to the main job on the bundled sample
# make test: everything from a bare clone to the passed tests
PYTHON ?= python3
VENV ?= .venv
# Which torch to install. On Linux PyPI's comes with CUDA (several GB); without a GPU take
#   make run TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
ARGS ?=

BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test lint format clean

run: $(READY)
	$(BIN)/python -m spacy project run all . $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): setup.py constraints.txt
	$(PYTHON) -c "import sys; assert sys.version_info >= (3, 11), 'Python 3.11 or newer is needed: make PYTHON=python3.11'"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt $(TORCH)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) corpus training metrics output packages build dist *.egg-info
