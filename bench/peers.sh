#!/bin/sh
# Install the programs that bench/run.py measures against: Suricata 7 (Debian's backports), argus, nfdump, softflowd
# and NFStream 6.6 (in a virtual environment of its own, because its pins would fight with ours).
#
# Usage: bench/peers.sh [CACHE_DIR]     (default ${XDG_CACHE_HOME:-~/.cache}/taishi/bench; needs root for apt-get)
set -eu

cache="${1:-${XDG_CACHE_HOME:-$HOME/.cache}/taishi/bench}"
python="${PYTHON:-python3}"
nfstream_version="6.6.0"

fail() {
    echo "bench/peers.sh: $1" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "this user may not install packages; allowed: root; run: sudo $0 $cache"
command -v apt-get >/dev/null || fail "no apt-get here; allowed: Debian 12; install suricata 7, argus, nfdump and softflowd by hand"

# The mirror is whatever this machine already uses for bookworm: its own entry is copied with another suite.
entry=/etc/apt/sources.list.d/taishi-bench-backports.sources
uri="$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)"
[ -n "$uri" ] || uri="$(awk '$1 == "deb" && $3 == "bookworm" { print $2; exit }' /etc/apt/sources.list 2>/dev/null)"
[ -n "$uri" ] || fail "no source entry of Debian 12 found in /etc/apt; needed for the suite bookworm-backports; add one"
if ! grep -rqs bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d; then
    printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\nSigned-By: %s\n' \
        "$uri" /usr/share/keyrings/debian-archive-keyring.gpg >"$entry"
fi

# No daemon may start just because a package was installed for a benchmark.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made_policy=yes
fi
trap '[ "$made_policy" = no ] || rm -f "$policy"' EXIT

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends argus-server argus-client nfdump softflowd tshark
apt-get install -y -qq --no-install-recommends -t bookworm-backports suricata

mkdir -p "$cache"
[ -x "$cache/nfstream/bin/python" ] || "$python" -m venv "$cache/nfstream"
"$cache/nfstream/bin/pip" install --quiet "nfstream==$nfstream_version"

suricata -V
dpkg-query -W -f '${Package} ${Version}\n' argus-server argus-client nfdump softflowd
"$cache/nfstream/bin/python" -c 'import nfstream; print("nfstream", nfstream.__version__)'
