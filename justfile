# Recipes bring .venv up to date by themselves (see ./just); they work with any `just`.

set positional-arguments

_list:
    @{{ just_executable() }} --list --unsorted

_setup:
    @./just --setup

# `exec`: just hands a SIGTERM on to its child, which must be alphabot and not a shell that dies of it.

# Trade on the simulated exchange, as strategies.toml says (Ctrl+C stops)
[no-exit-message]
run *ARGS: _setup
    @exec .venv/bin/alphabot run "$@"

# Start the simulated exchange alone, for programs of your own
[no-exit-message]
exchange *ARGS: _setup
    @exec .venv/bin/alphabot exchange "$@"

# Run the tests that need one process; ARGS go to pytest
test *ARGS: _setup
    .venv/bin/pytest -m "not outside and not kill and not walk" -n auto --maxprocesses 4 --dist worksteal "$@"

# Run those that start the program as its users do, over real sockets, and kill it; ARGS go to pytest
outside *ARGS: _setup
    .venv/bin/pytest -m "outside and not kill and not walk" -n auto --maxprocesses 4 --dist worksteal "$@"

# The order lane at every byte of a request and its answer, twice as many cases as `test` tries
walk: _setup
    .venv/bin/pytest -m walk tests/exchange

# Whole worlds with faults and kills: `just simulate 7` shows one, `just simulate 0 1000` judges many
[no-exit-message]
simulate *ARGS: _setup
    @exec .venv/bin/python -m alphabot.rehearsal "$@"

# Kill the real process 300 times, race it, fail its disk and flip bytes of its journal (15 minutes)
kill *ARGS: _setup
    .venv/bin/pytest -m kill -o faulthandler_timeout=7200 -s "$@"

# Measure memory, CPU and speed, also beside a bot written the usual way (about 4 minutes)
[no-exit-message]
bench *ARGS: _setup
    @./just --uv venv --quiet --allow-existing --python .venv/bin/python .cache/bench
    @./just --uv pip sync --quiet --python .cache/bench --require-hashes --no-build benchmarks/requirements.lock
    @exec .cache/bench/bin/python -m benchmarks "$@"

# Measure what each pricing rule costs on three simulated markets (docs/pricing.md; some minutes)
[no-exit-message]
pricing *ARGS: _setup
    @exec .venv/bin/python -m benchmarks.pricing "$@"

# Fetch the Telegram server that the notifiers are tested against; without it (it needs npm) they are skipped
peers:
    mkdir -p .cache/peers
    cp tests/notifiers/package.json tests/notifiers/package-lock.json .cache/peers
    cd .cache/peers && npm_config_cache="$PWD/../npm" npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

# Everything that CI runs
check: lint secrets types contracts _test_and_outside

# In one run: while some wait for a process, others compute.
_test_and_outside: _setup
    .venv/bin/pytest -n auto --maxprocesses 4 --dist worksteal

# Bring the code into its form
fmt: _setup
    .venv/bin/ruff check --fix-only .
    .venv/bin/ruff format .

# Look for what is likely a mistake
lint: _setup
    .venv/bin/ruff format --check .
    .venv/bin/ruff check .
    .venv/bin/flake8

# Look for keys and sessions in whatever a commit may hold; what is known to be made up is in .secrets.baseline
secrets: _setup
    .venv/bin/python -m tests.scanning

# Check the types
types: _setup
    .venv/bin/mypy

# Check who imports whom
contracts: _setup
    .venv/bin/lint-imports --no-logo --cache-dir .cache/import-linter

# Choose versions anew for all locks; ARGS go to uv, e.g. --upgrade
lock *ARGS:
    ./just --uv {{ compile }} -o requirements.lock pyproject.toml --group dev "$@"
    ./just --uv {{ compile }} -o benchmarks/requirements.lock -c requirements.lock pyproject.toml --group bench
    ./just --uv {{ compile }} -o tools.lock --group tools "$@"

# With hashes, for every platform, and without the address of whatever index is configured here.
compile := "pip compile --quiet --universal --python-version 3.11 --no-build --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links"

# Build a wheel into dist/
wheel: _setup
    .venv/bin/hatchling build --target wheel

# Remove what the recipes made; the journals in .alphabot/ stay
clean:
    rm -rf .venv .tools .cache .hypothesis dist
