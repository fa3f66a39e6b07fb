#!/usr/bin/env bash
# Make what a release consists of, in dist/: sdist, wheel, and what they draw in (CycloneDX).
# The version is the tag's. Tried out first: the wheel is installed with the pinned packages.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
rm -rf dist build/release build/installed

echo "building"
"$python" -m venv build/release
tools=build/release/bin
"$tools/python" -m pip install --quiet --require-hashes -r requirements/release.txt
"$tools/python" -m build --no-isolation --outdir dist
"$tools/twine" check --strict dist/*

echo "installing"
"$python" -m venv build/installed
installed=build/installed/bin
"$installed/python" -m pip install --quiet --require-hashes -r requirements/runtime.txt
"$installed/python" -m pip install --quiet --no-deps dist/*.whl
"$installed/python" -m pip check
version=$("$installed/lipwright" --version | cut -d' ' -f2)
test -f "dist/lipwright-$version-py3-none-any.whl"
if [ "${GITHUB_REF_TYPE:-}" = tag ]; then
    test "v$version" = "$GITHUB_REF_NAME" || { echo "the tag says otherwise: $version" >&2; exit 1; }
    grep -q "^## \[\?$version\b" CHANGELOG.md || { echo "CHANGELOG.md lacks $version" >&2; exit 1; }
fi

echo "listing what is in it"
"$tools/cyclonedx-py" environment --pyproject pyproject.toml --output-reproducible \
    --output-format JSON --output-file "dist/lipwright-$version.cdx.json" "$installed/python"
(cd dist && sha256sum -- lipwright-* > SHA256SUMS)
ls -l dist
