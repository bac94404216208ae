#!/usr/bin/env bash
# Makes the tarball twice, from two clones of HEAD in different folders, and holds it to what is promised: the same
# bytes, licences as documented, a program that starts from where it is unpacked, a unit that systemd takes.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
work=$(mktemp -d)
service=
trap '[ -z "$service" ] || kill "$service" 2>/dev/null || true; rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

build() { # FOLDER UMASK
    git clone -q "$root" "$work/$1/clone"
    (umask "$2" && "$work/$1/clone/scripts/dist.sh" "$work/$1/dist")
}

twice() {
    build one 022
    build two 077
    cmp "$work"/{one,two}/dist/maven/rawcow.jar || fail "the jar is another one each time"
    cmp "$work"/{one,two}/dist/rawcow-*.tar.gz 2>/dev/null || fail "the tarball is another one each time"
    echo "same bytes twice: $(cd "$work/one/dist" && sha256sum rawcow-*.tar.gz)"
}

unpack() {
    mkdir "$work/opt"
    tar -xzf "$work"/one/dist/rawcow-*.tar.gz -C "$work/opt"
    home=$(echo "$work"/opt/rawcow-*)
    "$root/scripts/licences.py" "$home/sbom.cdx.json"
    "$home/bin/train"
    "$home/bin/rawcow" --version
}

# Starts, answers, and ends with 0.
serve() {
    local port _
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir "$work/data"
    "$home/bin/rawcow" serve --data "$work/data" --listen "127.0.0.1:$port" --nbd 127.0.0.1:0 \
        --live "/dev/shm/rawcow-tarball.$$" >"$work/log" 2>&1 &
    service=$!
    for _ in $(seq 600); do
        ! curl -sf -o /dev/null "http://127.0.0.1:$port/actuator/health/readiness" || break
        kill -0 "$service" 2>/dev/null || fail "the service does not start: $(cat "$work/log")"
        sleep 0.1
    done
    curl -sf "http://127.0.0.1:$port/v1/images" >/dev/null || fail "the service does not answer: $(cat "$work/log")"
    kill "$service"
    wait "$service" || fail "the service ended with $?: $(cat "$work/log")"
    service=
    rm -rf "/dev/shm/rawcow-tarball.$$"
    echo "serves, and ends with 0"
}

# systemd looks whether the program is there: it gets the one that was unpacked.
unit() {
    local unit=$work/rawcow.service
    command -v systemd-analyze >/dev/null || fail "missing: apt-get install --no-install-recommends systemd"
    sed "s|/opt/rawcow/|$home/|" "$home/systemd/rawcow.service" >"$unit"
    systemd-analyze verify --man=no "$unit" 2>&1 | tee "$work/verify.log"
    [ ! -s "$work/verify.log" ] || fail "systemd does not like the unit"
    systemd-analyze security --offline=yes --threshold=25 "$unit" | tail -n 1
}

twice
unpack
serve
unit
