# Every target sets up .venv by itself on first use. No make? See "Without make" in the README.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: lab test test-all test-long nbgrader setup setup-dev lint notebooks site bench lock clean

lab: setup
	$(BIN)/jupyter lab $(ROOT_TOO) --LabApp.default_url=/lab/tree/notebooks/index.ipynb

# Jupyter refuses to start as root, which is who one is in many containers, unless told to.
ROOT_TOO = $(if $(filter 0,$(shell id -u)),--allow-root)

test: setup-dev lint
	$(BIN)/python -m pytest $(WORKERS) -m "not long"

test-all: test test-long

# What `make test` leaves out because it takes long.
test-long: setup-dev nbgrader
	$(BIN)/python -m pytest $(WORKERS) -m long

# A process a core, each with up to 1 GB. Tests of one group stay together.
WORKERS = -n auto --maxprocesses 4 --dist loadgroup

# For the test of the export alone: see the file.
nbgrader: build/nbgrader/installed

build/nbgrader/installed: requirements/nbgrader.txt | setup-dev
	@rm -rf build/nbgrader
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --target build/nbgrader -r $<
	@touch $@

# What a learner needs.
setup:
	@$(PYTHON) tools/setup_env.py

# The same and the tools of authors, graders and CI.
setup-dev:
	@$(PYTHON) tools/setup_env.py --with dev

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

notebooks: setup-dev
	$(BIN)/lora-course build

# The chapters as web pages, in build/site.
site: setup-dev
	$(BIN)/lora-course site

bench: setup-dev
	$(BIN)/python -m benchmarks

# One lock for every Python from the oldest on, and the part of it that a learner needs. The names of
# the extras stand in pyproject.toml. Then the index is asked whether each Python finds a wheel of
# each package on each system (of macOS 14 or later: torch has none for earlier ones).
LOCK = $(BIN)/python -m uv pip compile --universal --quiet --no-annotate --python-version 3.11 \
	--no-emit-index-url pyproject.toml requirements/lock.in
PYTHONS = 3.11 3.12 3.13 3.14
SYSTEMS = x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin x86_64-pc-windows-msvc

lock: setup-dev
	$(LOCK) --extra dev --extra browser --extra compare --extra grade --extra cluster --extra binder \
	    --extra bench -o requirements/lock.txt
	$(LOCK) --extra grade --constraints requirements/lock.txt -o requirements/course.txt
	@for python in $(PYTHONS); do for system in $(SYSTEMS); do \
	    echo "Python $$python, $$system"; \
	    MACOSX_DEPLOYMENT_TARGET=14.0 $(BIN)/python -m uv pip install --dry-run --quiet --no-deps --only-binary :all: \
	        --target build/dry --python-version $$python --python-platform $$system -r requirements/lock.txt || exit 1; \
	done; done

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache
