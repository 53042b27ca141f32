#!/usr/bin/env bash
# Fuzz one target, or each in turn: wire/fuzz/run.sh SECONDS [TARGET]. Ends at the first finding; exit code 1 then.
#
# A stable compiler is enough: libFuzzer comes as source with the crate libfuzzer-sys and needs a C++ compiler, and the
# coverage that guides it is an LLVM pass that stable rustc can run by name. What nightly and cargo-fuzz would add is
# AddressSanitizer, which finds little in a crate that forbids unsafe code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

seconds=${1:?usage: run.sh SECONDS [TARGET]}
mapfile -t known < <(sed -n 's/^name = "\(fuzz_.*\)"$/\1/p' Cargo.toml)
targets=("${known[@]}")
if [ -n "${2:-}" ]; then
    targets=("fuzz_${2#fuzz_}")
    if [[ ! " ${known[*]} " == *" ${targets[0]} "* ]]; then
        echo "run.sh: target $2 is unknown; allowed: ${known[*]#fuzz_}; choose one of them" >&2
        exit 2
    fi
fi

host=$(rustc -vV | sed -n 's/^host: //p')
build=${CARGO_TARGET_DIR:-target}/fuzz
passes=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
)
# With --target the flags are kept from build scripts and macros, which have no libFuzzer to report to.
RUSTFLAGS="${passes[*]} ${RUSTFLAGS:-}" CARGO_TARGET_DIR=$build cargo build --release --locked --target "$host"

for target in "${targets[@]}"; do
    # New inputs gather outside the repository; the seeds are read only.
    found=$build/corpus/$target
    mkdir -p "$found" "$build/findings"
    echo "== $target, $seconds s" >&2
    if ! "$build/$host/release/$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix="$build/findings/$target-" "$found" "corpus/$target"; then
        echo "run.sh: $target broke a promise; the input lies in $build/findings; repair the defect and keep the input" \
            "as a file of corpus/$target, which 'cargo test corpus' plays" >&2
        exit 1
    fi
done
