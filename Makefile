# Two commands: `make run` and `make test`. Both set everything up in .venv first.
#   make run BACKEND=cpu|vulkan|cuda|metal   picks the engine library; auto takes what the machine has
#   make run ARGS="--basedir /tmp/try"       passes arguments to Snug

BACKEND ?= auto
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

INSTALLER_VENV := build/installers/venv

.PHONY: run setup test check bench translations installers test-installers clean

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

# Takes new and changed texts into the catalogues of resources/translations, and compiles these.
translations: setup
	@mkdir -p build
	$(BIN)/pybabel -q extract --no-default-keywords -k tr -k trn:1,2 -k mark --no-location \
		--sort-output --project Snug --msgid-bugs-address https://github.com/snug-chat/snug/issues -o build/snug.pot desktop models
	@for catalogue in resources/translations/*.po; do \
		$(BIN)/pybabel -q update -N --ignore-obsolete --ignore-pot-creation-date \
			-i build/snug.pot -o "$$catalogue" -l "$$(basename "$$catalogue" .po)" && \
		$(BIN)/pybabel compile --statistics -i "$$catalogue" -o "$${catalogue%.po}.mo" || exit 1; \
	done

# What people without Python install: .deb and .run, with the embedded model and without, in dist/.
installers:
	@sh scripts/setup.sh portable $(INSTALLER_VENV) installer
	$(INSTALLER_VENV)/bin/python packaging/build.py $(ARGS)

# Each of them on a clean machine; needs root on Debian.
test-installers: setup
	@packaging/linux/testing_tools.sh
	$(BIN)/python -m pytest tests/packaging -m installers -s $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
