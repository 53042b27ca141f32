#!/bin/sh
# Says whether this machine can build and test Taishi, and if not, what is missing and how to get it.
# Works before anything is installed: POSIX sh and awk only.
#
#   sh tools/env-check.sh             check; exit 1 when something is missing or too old
#   sh tools/env-check.sh --packages  print the Debian packages that are missing, one a line
set -u

PYTHON=${PYTHON:-python3}
NEED_PYTHON=3.11
NEED_RUST=1.88
missing=0
packages=""

# at_least FOUND NEEDED: version order by numeric parts, so that 3.9 < 3.11.
at_least() {
    awk -v found="$1" -v needed="$2" 'BEGIN {
        split(found, f, "."); n = split(needed, w, ".")
        for (i = 1; i <= n; i++) { if (f[i] + 0 > w[i] + 0) exit 0; if (f[i] + 0 < w[i] + 0) exit 1 }
        exit 0 }'
}

ok() { [ "$quiet" = yes ] || printf '  ok       %s\n' "$1"; }

lack() { # WHAT FOUND NEEDED COMMAND
    missing=$((missing + 1))
    [ "$quiet" = yes ] || printf '  MISSING  %s: found %s; needed %s\n           %s\n' "$1" "$2" "$3" "$4"
}

need_package() { packages="$packages $1"; }

check_python() {
    if ! command -v "$PYTHON" >/dev/null 2>&1; then
        need_package python3
        need_package python3-venv
        lack python3 nothing ">= $NEED_PYTHON" "apt-get install -y python3 python3-venv"
        return
    fi
    found=$("$PYTHON" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
    if at_least "$found" "$NEED_PYTHON"; then
        ok "$PYTHON $found"
    else
        lack "$PYTHON" "$found" ">= $NEED_PYTHON" "Debian 12 has 3.11: apt-get install -y python3 python3-venv; or set PYTHON=/path/to/python3.11"
        return
    fi
    if "$PYTHON" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        ok "venv and ensurepip"
    else
        need_package python3-venv
        lack "venv of $PYTHON" nothing "modules venv and ensurepip" "apt-get install -y python3-venv"
    fi
}

check_libpython() { # cargo test links the interpreter's library; the wheel does not need it
    command -v "$PYTHON" >/dev/null 2>&1 || return
    if "$PYTHON" - <<'PROBE'
import sys
import sysconfig
from pathlib import Path

places = [Path(sysconfig.get_config_var(name) or "") for name in ("LIBDIR", "LIBPL")]
places += [place / str(sysconfig.get_config_var("MULTIARCH") or "") for place in places]
names = [f"libpython{sys.version_info[0]}.{sys.version_info[1]}{end}" for end in (".so", ".a")]
raise SystemExit(not any((place / name).exists() for place in places for name in names))
PROBE
    then
        ok "library of $PYTHON"
    else
        need_package python3-dev
        lack "library of $PYTHON" nothing "libpython for cargo test" "apt-get install -y python3-dev"
    fi
}

check_rust() {
    how="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh   (then open a new shell; Debian 12's own rustc is 1.63)"
    for tool in rustc cargo; do
        if ! command -v "$tool" >/dev/null 2>&1; then
            lack "$tool" nothing ">= $NEED_RUST" "$how"
            continue
        fi
        found=$("$tool" --version 2>/dev/null | awk '{ print $2 }')
        if at_least "$found" "$NEED_RUST"; then
            ok "$tool $found"
        else
            lack "$tool" "${found:-an unusable one}" ">= $NEED_RUST" "rustup update stable   (without rustup: $how)"
        fi
    done
    for part in fmt clippy; do
        if command -v "cargo-$part" >/dev/null 2>&1 && cargo "$part" --version >/dev/null 2>&1; then
            ok "cargo $part"
        else
            lack "cargo $part" nothing "for make lint" "rustup component add rustfmt clippy"
        fi
    done
}

check_command() { # COMMAND PACKAGE PURPOSE
    if command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; then
        ok "$1 ($3)"
    else
        need_package "$2"
        lack "$1" nothing "$3" "apt-get install -y $2"
    fi
}

wish_command() { # COMMAND PACKAGE PURPOSE: good to have; its absence stops nothing
    if command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; then
        ok "$1 ($3)"
    else
        need_package "$2"
        [ "$quiet" = yes ] || printf '  absent   %s (%s); tests that need it are skipped\n           apt-get install -y %s\n' "$1" "$3" "$2"
    fi
}

check_headers() {
    command -v cc >/dev/null 2>&1 || return
    if printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | cc -x c - -o /dev/null 2>/dev/null; then
        ok "C library headers"
    else
        need_package libc6-dev
        lack "C library headers" nothing "stdlib.h" "apt-get install -y libc6-dev"
    fi
}

quiet=no
case "${1:-}" in
    "") ;;
    --packages) quiet=yes ;;
    *)
        echo "tools/env-check.sh: unknown argument $1; allowed: none or --packages; see the head of the file" >&2
        exit 2
        ;;
esac

[ "$quiet" = yes ] || echo "What Taishi needs on this machine:"
check_python
check_libpython
check_command cc gcc "the zstd crate is C"
check_headers
check_command make make "this Makefile"
check_command git git "house tests"
wish_command argus argus-server "oracle of some tests"
wish_command ra argus-client "oracle of some tests"
wish_command nfpcapd nfdump "oracle of some tests"
wish_command tshark tshark "taishi dissect and its tests"
wish_command p0f p0f "oracle of some tests"
check_rust

if [ "$quiet" = yes ]; then
    for package in $packages; do echo "$package"; done | sort -u
    exit 0
fi
if [ "$missing" -gt 0 ]; then
    echo "$missing missing. As root, Debian packages in one go: apt-get update && apt-get install -y${packages:- (none)}" >&2
    exit 1
fi
echo "All there."
