# Every target sets up .venv by itself on first use. No make? See "Without make" in the README.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: lab test test-all test-long nbgrader setup lint notebooks site bench lock clean

lab: setup
	$(BIN)/jupyter lab $(ROOT_TOO) --LabApp.default_url=/lab/tree/notebooks/index.ipynb

# Jupyter refuses to start as root, which is who one is in many containers, unless told to.
ROOT_TOO = $(if $(filter 0,$(shell id -u)),--allow-root)

test: setup lint
	$(BIN)/python -m pytest $(WORKERS) --dist worksteal -m "not long"
	@mkdir -p build
	LORA_COURSE_PROGRESS=$(CURDIR)/build/progress-of-tests.json $(BIN)/python -m pytest $(WORKERS) --dist loadfile $(NBVAL) notebooks/solutions

test-all: test test-long

# What `make test` leaves out because it takes long.
test-long: setup nbgrader
	$(BIN)/python -m pytest -m long

# A process a core, each with up to 1 GB. The cells of one notebook stay together.
WORKERS = -n auto --maxprocesses 4

NBVAL = -p nbval --nbval-lax --nbval-current-env --nbval-cell-timeout 120 \
	--nbval-sanitize-with tests/nbval_sanitize.cfg

# For the test of the export alone: see the file.
nbgrader: setup
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --target build/nbgrader \
	    -r requirements/nbgrader.txt

setup:
	@$(PYTHON) tools/setup_env.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

notebooks: setup
	$(BIN)/lora-course build

# The chapters as web pages, in build/site.
site: setup
	$(BIN)/lora-course site

bench: setup
	$(BIN)/python -m benchmarks

lock: setup
	$(BIN)/python -m uv pip compile --universal --quiet --no-annotate --python-version 3.11 \
	    --no-emit-index-url --extra dev --extra browser --extra compare --extra grade --extra cluster --extra binder --extra bench \
	    pyproject.toml requirements/lock.in -o requirements/lock.txt

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache
