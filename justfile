# The door to everything that a developer does. `just` alone lists.

bin := justfile_directory() / ".venv/bin"
export PATH := bin + ":" + env("PATH", "/usr/local/bin:/usr/bin:/bin")

# `just tests=no check` leaves out the tests, where they have just run
tests := "yes"

_list:
    @{{ quote(just_executable()) }} --justfile {{ quote(justfile()) }} --list --unsorted

# Make .venv/ from requirements.lock
setup:
    sh .ci/setup

# Run all of iAyos here, with the sandbox and demo accounts
dev *options: setup
    iayos up {{ options }}

# Tell one job from registration to both reviews
demo *options: setup
    iayos demo {{ options }}

# Run the tests, or some of them: `just test tests/core -k money`
test *options:
    python -m pytest -n 2 {{ options }}

# Style, types, floors, migration drift, tests: what must be green
check: lint
    {{ if tests == "yes" { quote(just_executable()) + " test" } else { "true" } }}

# All of check that is not a test
lint:
    ruff check
    ruff format --check
    mypy iayos cli migrations tests
    lint-imports
    iayos db check

# Repair what a tool can repair
fix:
    ruff check --fix
    ruff format

# Bring the database to the newest migration
migrate *options:
    iayos db migrate {{ options }}

# Measure
bench *options:
    python -m tests.bench {{ options }}

# Drive pages in a real Chromium, which root installs when it is missing
test-browser *options:
    {{ if path_exists("/usr/bin/chromium") == "true" { "true" } else { "sh .ci/chromium" } }}
    python -m pytest -m browser tests/browser {{ options }}

# Lock the dependencies again, for a checkout and for the container; `just lock --upgrade` takes newer ones
lock *options:
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
        --custom-compile-command "just lock" --all-extras --group dev --output-file requirements.lock {{ options }}
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
        --custom-compile-command "just lock" --extra server --extra redis --group build \
        --constraints requirements.lock --output-file .ci/requirements-server.lock {{ options }}
    ! grep -nE '://|^-' requirements.lock .ci/requirements-server.lock  # neither hosts nor options
