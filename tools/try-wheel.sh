#!/usr/bin/env bash
# Tries a wheel where a user would: a new environment in a temporary folder, runtime packages only, no compiler in PATH.
# Usage: PYTHON=python3 bash tools/try-wheel.sh dist/wheel/taishi-….whl
set -euo pipefail

wheel=$(realpath "$1")
lock=$(realpath requirements.lock)
python=$(realpath -s "${PYTHON:-python3}")
case "$wheel" in
    *-cp311-abi3-*) ;;
    *)
        echo "$wheel: not an abi3 wheel for Python 3.11; allowed: taishi-*-cp311-abi3-*.whl; check features in pyproject.toml" >&2
        exit 1
        ;;
esac

place=$(mktemp -d)
trap '/bin/rm -rf "$place"' EXIT
cd "$place"
"$python" -m venv clean
clean/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r "$lock"
clean/bin/python -m pip install --quiet --no-deps "$wheel"
clean/bin/python -m pip check

# Only this folder is in PATH: neither cc nor cargo nor the checkout can help.
export PATH="$place/clean/bin" HOME="$place" PYTHONSAFEPATH=1
if command -v cc || command -v cargo; then
    echo "try-wheel: a compiler is still in PATH" >&2
    exit 1
fi
taishi --version
taishi demo --out "$place/demo"
for report in "$place"/demo/*.html; do
    [ -s "$report" ] || {
        echo "try-wheel: the demo left no report in $place/demo; a .html file is expected; see its output above" >&2
        exit 1
    }
done
echo "wheel works: ${wheel##*/}"
