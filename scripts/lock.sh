#!/bin/sh
# Pin every dependency with its hashes, for all platforms and Python versions at once.
# Wants uv on the path: python -m pip install uv
set -eu
cd "$(dirname "$0")/.."

lock() {
    target=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
        --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
        --constraints requirements/constraints.in "$@" --output-file "$target"
}

lock requirements/runtime.txt pyproject.toml
lock requirements/dev.txt --extra c2pa --extra mcp --extra neural --extra otel --constraints requirements/runtime.txt pyproject.toml requirements/dev.in
lock requirements/docs.txt --constraints requirements/dev.txt requirements/docs.in
lock requirements/release.txt --constraints requirements/dev.txt requirements/release.in
lock requirements/gpu.txt --constraints requirements/runtime.txt requirements/gpu.in
