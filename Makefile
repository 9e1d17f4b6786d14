# Two commands: `make run` and `make test`. Both set everything up in .venv first.
#   make run BACKEND=cpu|vulkan|cuda|metal   picks the engine library; auto takes what the machine has
#   make run ARGS="--basedir /tmp/try"       passes arguments to Snug

BACKEND ?= auto
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run setup test check bench clean

run: setup
	@$(BIN)/snug $(ARGS)

setup:
	@sh scripts/setup.sh "$(BACKEND)"

# Lint, types, import contracts, then every test.
test: check
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
