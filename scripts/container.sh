#!/usr/bin/env bash
# Builds the image from a clean clone of HEAD as anybody would, runs it as small and as confined as docs/install.md
# says, and holds it to what is promised. Needs root; installs what it needs on Debian. Without --pull the images that
# the Dockerfile begins with are stand-ins under the same names, made of Debian and this machine's JDK and Maven. With
# --built the image of the last run is tried again.
#
# usage: scripts/container.sh [--pull | --built] [--seconds N]
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# shellcheck source=scripts/java.sh
. "$root/scripts/java.sh"

tools=(
    buildah:buildah podman:podman runc:runc debootstrap:debootstrap fio:fio nbdcopy:libnbd-bin nbdsh:python3-libnbd
    qemu-img:qemu-utils mke2fs:e2fsprogs jq:jq curl:curl git:git cmp:diffutils mvn:maven
)
LIMIT_MIB=256
USER_ID=10001
IMAGES=10
IMAGE_BYTES=$((100 << 30))
GRACE=30
REGION_AT=$((7 << 30))
REGION_BYTES=$((4 << 20))
python=/usr/bin/python3 # the system's, which alone has libnbd
seconds=20
pull=
built=

while [ $# -gt 0 ]; do
    case $1 in
        --pull) pull=yes ;;
        --built) built=yes ;;
        --seconds)
            seconds=$2
            shift
            ;;
        *)
            sed -n 's/^# usage: //p' "${BASH_SOURCE[0]}" >&2
            exit 1
            ;;
    esac
    shift
done

PATH=$PATH:/usr/sbin:/sbin
store=$root/.build/containers
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rawcow/containers
work=$(mktemp -d)
memory=$(mktemp -d /dev/shm/rawcow-container.XXXXXX) # what outlives the container, as live files must
container=rawcow-test-$$
image=localhost/rawcow:test
started=$SECONDS
children=()

say() {
    printf '%4d s  %s\n' $((SECONDS - started)) "$*"
}

fail() {
    echo "FAILED: $*" >&2
    podman logs "$container" 2>&1 | tail -n 30 >&2 || true
    exit 1
}

clean_up() {
    local child
    for child in "${children[@]}"; do
        kill "$child" 2>/dev/null || true
    done
    podman rm -f -t 0 "$container" >/dev/null 2>&1 || true
    touch "$work/enough"
    rm -rf "$work" "$memory"
}
trap clean_up EXIT

install_tools() {
    local tool missing=()
    for tool in "${tools[@]}"; do
        command -v "${tool%:*}" >/dev/null || missing+=("${tool#*:}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    [ "$(id -u)" -eq 0 ] || fail "missing: apt-get install --no-install-recommends ${missing[*]}"
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" netavark
}

# A runtime for either kind of control groups, limits that need no privilege, and a store of our own.
configure() {
    mkdir -p "$store" "$cache"
    cat >"$work/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
EOF
    cat >"$work/storage.conf" <<EOF
[storage]
driver = "overlay"
graphroot = "$store/store"
runroot = "$store/run"
EOF
    export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
}

named() {
    sed -n "s|^ARG $1=||p" "$root/Dockerfile"
}

stand_in() { # NAME FOLDER...: the Debian of the cache and what is in these folders, as an image of that name
    local name=$1 folder
    shift
    cp -al "$cache/debian" "$cache/base" # links, and nothing is written to what is there
    for folder in "$@"; do
        cp -a "$folder/." "$cache/base/"
    done
    tar -C "$cache/base" -cf "$work/base.tar" .
    rm -r "$cache/base"
    podman import -q --change 'ENV JAVA_HOME=/opt/java/openjdk' \
        --change 'ENV PATH=/opt/java/openjdk/bin:/opt/maven/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        "$work/base.tar" "$name" >/dev/null
    rm "$work/base.tar"
}

stand_ins() {
    local jdk build run
    build=$(named BUILD_IMAGE)
    run=$(named RUN_IMAGE)
    if podman image exists "$build" && podman image exists "$run"; then
        return
    fi
    jdk=$(find_jdk)
    rm -rf "$cache/base" "$cache/part"
    if [ ! -d "$cache/debian" ]; then
        debootstrap --variant=minbase --include=ca-certificates stable "$cache/part" >"$work/debootstrap.log" ||
            fail "debootstrap: $(tail -n 3 "$work/debootstrap.log")"
        rm -rf "$cache"/part/var/cache/apt/archives/*.deb
        mv "$cache/part" "$cache/debian"
    fi
    mkdir -p "$work"/{jre,jdk}/opt/java "$work/maven/opt/maven"
    # What a JRE has, which is less than a JDK.
    "$jdk/bin/jlink" --output "$work/jre/opt/java/openjdk" --strip-debug --no-man-pages --no-header-files \
        --add-modules java.se,jdk.charsets,jdk.crypto.ec,jdk.jfr,jdk.localedata,jdk.management,jdk.management.agent \
        --add-modules jdk.naming.dns,jdk.net,jdk.nio.mapmode,jdk.unsupported,jdk.zipfs
    cp -a "$jdk" "$work/jdk/opt/java/openjdk"
    cp -rL "$(dirname "$(dirname "$(readlink -f "$(command -v mvn)")")")/." "$work/maven/opt/maven/"
    stand_in "$run" "$work/jre"
    stand_in "$build" "$work/jdk" "$work/maven"
    rm -rf "$work"/{jre,jdk,maven}
}

build_image() {
    local mode=(--pull-never)
    [ -z "$pull" ] || mode=(--pull)
    git clone -q "$root" "$work/clone"
    buildah bud -q --isolation chroot "${mode[@]}" --format docker --layers --volume "$HOME/.m2:/root/.m2" \
        --build-arg REVISION="$(git -C "$work/clone" rev-parse HEAD)" -t "$image" "$work/clone" \
        >"$work/build.log" 2>&1 ||
        fail "the image does not build: $(tail -n 60 "$work/build.log")"
    say "built: $(podman image inspect "$image" --format '{{.Size}}' | numfmt --to=iec), with what it begins with"
}

# The cache fits, or the program would not start with AOTMode=on; the list of contents is what the jars are.
inspect_image() {
    podman run --rm --network none --read-only --no-healthcheck --entrypoint java "$image" @/opt/rawcow/jvm.options \
        -XX:AOTMode=on -XX:AOTCache=/opt/rawcow/rawcow.aot -jar /opt/rawcow/rawcow.jar --version >"$work/version" ||
        fail "the ahead-of-time cache does not fit"
    podman run --rm --network none --entrypoint cat "$image" /opt/rawcow/sbom.cdx.json >"$work/sbom.json"
    podman run --rm --network none --entrypoint ls "$image" /opt/rawcow/lib >"$work/jars"
    jq -r '.components[] | "\(.name)-\(.version).jar"' "$work/sbom.json" | sort >"$work/listed"
    # The tool that extracts is in no pom.
    grep -v '^spring-boot-jarmode-tools' "$work/jars" | sort | comm -23 - "$work/listed" >"$work/unlisted"
    [ ! -s "$work/unlisted" ] || fail "not in the SBOM: $(tr '\n' ' ' <"$work/unlisted")"
    [ "$(podman image inspect "$image" --format '{{.User}}')" = $USER_ID:$USER_ID ] || fail "the image's user"
    [ "rawcow $(podman image inspect "$image" --format '{{index .Labels "org.opencontainers.image.version"}}')" = \
        "$(cat "$work/version")" ] || fail "the image's version label is not that of the pom"
    say "$(cat "$work/version"), cache fits, $(wc -l <"$work/jars") jars are in the SBOM, label and user are right"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

run_service() {
    rest=$(free_port) nbd=$(free_port) management=$(free_port)
    mkdir -p "$work/data" "$work/golden"
    chown $USER_ID:$USER_ID "$work/data" "$memory"
    chmod 755 "$work"
    podman run -d --name "$container" --network host --no-healthcheck \
        --memory ${LIMIT_MIB}m --memory-swap ${LIMIT_MIB}m \
        --read-only --read-only-tmpfs=false --cap-drop ALL --security-opt no-new-privileges \
        --tmpfs /tmp:size=16m --tmpfs /run/rawcow:size=1m \
        -v "$work/data:/data" -v "$work/golden:/golden:ro" -v "$memory:/live" --stop-timeout $GRACE \
        "$image" serve --live /live/files --listen "127.0.0.1:$rest" --nbd "127.0.0.1:$nbd" \
        --nbd-socket nbd.sock --management "127.0.0.1:$management" >/dev/null
    await_service
}

await_service() {
    local _
    for _ in $(seq 600); do
        ! curl -sf -o /dev/null "http://127.0.0.1:$management/actuator/health/readiness" || return 0
        running || fail "the service does not start"
        sleep 0.1
    done
    fail "the service does not listen"
}

running() {
    [ "$(podman inspect "$container" --format '{{.State.Running}}')" = true ]
}

send() { # METHOD PATH [BODY]
    curl -sS --fail-with-body -X "$1" -H 'Content-Type: application/json' "http://127.0.0.1:$rest$2" ${3:+-d "$3"} ||
        fail "$1 $2"
}

uri() {
    echo "nbd://127.0.0.1:$nbd/$1"
}

pid() {
    podman inspect "$container" --format '{{.State.Pid}}'
}

status_of() { # FIELD of the process
    sed -n "s/^$1:\t *//p" "/proc/$(pid)/status"
}

check_confinement() {
    [ "$(status_of Uid | cut -f 1)" = $USER_ID ] || fail "runs as user $(status_of Uid)"
    [ "$(status_of CapEff)" = 0000000000000000 ] || fail "has capabilities $(status_of CapEff)"
    [ "$(status_of CapBnd)" = 0000000000000000 ] || fail "may get capabilities $(status_of CapBnd)"
    [ "$(status_of NoNewPrivs)" = 1 ] || fail "may get privileges"
    podman exec "$container" sh -c \
        'for d in / /opt/rawcow /golden /etc /var/tmp; do ! touch $d/x 2>/dev/null || exit 1; done' ||
        fail "can write outside its folders"
    podman exec "$container" sh -c 'find /tmp /run/rawcow ! -type d' >"$work/written"
    say "user $USER_ID, no capability, root read-only; outside data and live it wrote: $(tr '\n' ' ' <"$work/written")"
}

# What `rawcow demo` does, with the service in the container.
demo() {
    local golden=$work/golden/golden.img
    mke2fs -q -t ext4 -d "$(find_jdk)/lib" "$golden" 768M >/dev/null
    send PUT /v1/images/my_vm \
        '{"sidecar": "my_vm.raw-cow", "rawFile": "my_vm.img", "backingFile": "/golden/golden.img"}' >/dev/null
    send PUT /v1/exports/my_vm '{"image": "my_vm"}' >/dev/null
    nbdcopy "$(uri my_vm)" "$work/early.img"
    cmp "$golden" "$work/early.img" || fail "the clone is not its backing"
    send PUT /v1/jobs/demo '{"type": "stream", "image": "my_vm"}' >/dev/null
    dd if="$golden" of="$work/part" bs=1M skip=64 count=1 status=none
    qemu-io -f raw -c "write -s $work/part 64M 1M" -c flush -c 'read 64M 1M' "$(uri my_vm)" >/dev/null
    await_job demo
    nbdcopy "$(uri my_vm)" "$work/late.img"
    cmp "$golden" "$work/late.img" || fail "what the export shows is not the backing"
    cmp "$golden" "$work/data/my_vm.img" || fail "the raw file is not the backing"
    qemu-img compare -U -q -f raw -F raw "$golden" "$work/data/my_vm.img" || fail "qemu-img finds a difference"
    [ ! -e "$work/data/my_vm.raw-cow" ] || fail "the sidecar is there still"
    e2fsck -fn "$work/data/my_vm.img" >/dev/null 2>&1 || fail "the file system is damaged"
    send DELETE /v1/images/my_vm >/dev/null
    rm "$work"/{early,late}.img "$golden"
    say "demo: created, exported, written, streamed, detached; nbdcopy, cmp, qemu-img and e2fsck agree"
}

await_job() {
    local answer _
    for _ in $(seq 20); do
        answer=$(send GET "/v1/jobs/$1?wait=30s")
        if [ "$(jq -r .status <<<"$answer")" = concluded ]; then
            [ "$(jq -r .error <<<"$answer")" = null ] || fail "job $1: $answer"
            return
        fi
    done
    fail "job $1 does not end: $answer"
}

cgroup_file() { # of control groups in version 1 or 2
    local path file
    path=$(sed -n 's/^[0-9]*:memory:\|^0:://p' "/proc/$(pid)/cgroup" | head -n 1)
    for file in "$@"; do
        [ ! -e "/sys/fs/cgroup/memory$path/$file" ] || { echo "/sys/fs/cgroup/memory$path/$file"; return; }
        [ ! -e "/sys/fs/cgroup$path/$file" ] || { echo "/sys/fs/cgroup$path/$file"; return; }
    done
    fail "no $1 in the control group"
}

ten_images() {
    local i files
    truncate -s $IMAGE_BYTES "$work/golden/large.img"
    # Data here and there, so that there is something to copy.
    for i in $(seq 0 99); do
        dd if=/dev/urandom of="$work/golden/large.img" bs=1M seek=$((i << 10)) count=2 conv=notrunc status=none
    done
    for i in $(seq $IMAGES); do
        files="\"sidecar\": \"vm$i.raw-cow\", \"rawFile\": \"vm$i.img\", \"backingFile\": \"/golden/large.img\""
        send PUT "/v1/images/vm$i" "{$files}" >/dev/null
        send PUT "/v1/exports/vm$i" "{\"image\": \"vm$i\"}" >/dev/null
    done
}

# Small requests all over the images, so that every page of every bitmap is used; large ones; streams that go on.
load_under_limit() {
    local i failures requests lost=
    for i in $(seq $IMAGES); do
        fio --name="vm$i" --ioengine=nbd --uri="$(uri "vm$i")" --thread --rw=randrw --bs=4k --iodepth=16 --numjobs=2 \
            --size=$IMAGE_BYTES --randrepeat=0 --norandommap --time_based --runtime="$seconds" --output-format=json \
            --output="$work/fio.$i.json" >"$work/fio.$i.log" 2>&1 &
        children+=($!)
    done
    fio --name=large --ioengine=nbd --uri="$(uri vm1)" --thread --rw=readwrite --bs=1m --iodepth=16 --numjobs=4 \
        --size=1G --offset_increment=1G --time_based --runtime="$seconds" --output-format=json \
        --output="$work/fio.0.json" >"$work/fio.0.log" 2>&1 &
    children+=($!)
    for i in $(seq 4 $IMAGES); do # the first three stay as they are, for the guests that remember
        send PUT "/v1/jobs/vm$i" "{\"type\": \"stream\", \"image\": \"vm$i\", \"speed\": 4194304}" >/dev/null
    done
    for i in "${children[@]}"; do
        wait "$i" || lost=yes
    done
    children=()
    running ||
        fail "the container died, for its memory: $(podman inspect "$container" --format "{{.State.OOMKilled}}")"
    [ -z "$lost" ] || fail "fio: $(tail -n 5 "$work"/fio.*.log)"
    for i in "$work"/fio.*.json; do
        sed -n '/^{/,$p' "$i" # fio may speak before
    done >"$work/fio.json"
    failures=$(jq -s 'map(.jobs[].error) | add' "$work/fio.json")
    [ "$failures" = 0 ] || fail "fio met $failures errors"
    requests=$(jq -s '[.[].jobs[] | .read.total_ios + .write.total_ios] | add' "$work/fio.json")
    say "ten images of 100 GiB, ${seconds} s: $requests requests, no error; $(memory_report)"
}

memory_report() {
    local peak stat
    peak=$(cat "$(cgroup_file memory.max_usage_in_bytes memory.peak)")
    stat=$(cgroup_file memory.stat)
    printf 'limit %d MiB, peak with page cache %d MiB, anonymous %d MiB, tmpfs %d MiB, RSS %d MiB' \
        $LIMIT_MIB $((peak >> 20)) \
        "$(awk '$1 == "rss" || $1 == "anon" {print int($2 / 1048576); exit}' "$stat")" \
        "$(awk '$1 == "shmem" {print int($2 / 1048576); exit}' "$stat")" \
        $(($(status_of VmRSS | cut -d ' ' -f 1) >> 10))
}

read_region() { # URI FILE: the guests' region, in a file at its own offset
    "$python" - "$@" $REGION_AT $REGION_BYTES <<'EOF'
import sys
import nbd

handle = nbd.NBD()
handle.connect_uri(sys.argv[1])
with open(sys.argv[2], "wb") as file:
    file.seek(int(sys.argv[3]))
    file.write(handle.pread(int(sys.argv[4]), int(sys.argv[3])))
EOF
}

until_enough() {
    while [ -d "$work" ] && [ ! -e "$work/enough" ]; do
        sleep 0.2
    done
}

# A guest that remembers what it was promised, on three images; the others have load. Once with SIGTERM, once with
# SIGKILL: then the container begins anew with the same folders, and the guests compare all they wrote.
ends_under_load() {
    local i code took signal busy writers=()
    for i in 1 2 3; do
        read_region "$(uri "vm$i")" "$work/expected.$i"
        until_enough | "$python" "$root/src/test/guest/writer.py" "$(uri "vm$i")" $REGION_AT $REGION_BYTES \
            "$work/expected.$i" "$work/model.$i" "$i" >"$work/writer.$i.log" 2>&1 &
        writers+=($!)
        children+=($!)
    done
    for signal in TERM KILL; do
        fio --name=busy --ioengine=nbd --uri="$(uri vm4)" --thread --rw=randwrite --bs=4k --iodepth=32 \
            --size=$IMAGE_BYTES --norandommap --time_based --runtime=120 >"$work/busy.log" 2>&1 &
        busy=$!
        children+=("$busy")
        sleep 5
        took=$(date +%s%N)
        if [ $signal = TERM ]; then
            podman stop "$container" >/dev/null
        else
            podman kill "$container" >/dev/null
        fi
        code=$(podman wait "$container")
        took=$((($(date +%s%N) - took) / 1000000))
        wait "$busy" || true
        [ $signal = KILL ] || [ "$code" = 0 ] || fail "exit code $code after SIGTERM"
        podman start "$container" >/dev/null
        await_service
        for i in $(seq $IMAGES); do
            [ "$(send GET "/v1/images/vm$i" | jq -r .error)" = null ] || fail "vm$i is not open after SIG$signal"
        done
        say "SIG$signal under load: ended with $code after $took ms, all images are back"
    done
    sleep 3
    touch "$work/enough"
    for i in "${writers[@]}"; do
        wait "$i" || fail "a guest lost what it was answered: $(tail -n 3 "$work"/writer.*.log)"
    done
    children=()
    for i in 1 2 3; do
        grep -q '^reconnected 2' "$work/writer.$i.log" ||
            fail "writer $i did not see both ends: $(tail -n 3 "$work/writer.$i.log")"
    done
    say "nothing that was answered is lost: $(tail -qn 1 "$work"/writer.*.log | tr '\n' ';')"
}

main() {
    cd "$work" # conmon leaves files where it is started
    install_tools
    configure
    if [ -z "$built" ]; then
        [ -n "$pull" ] || stand_ins
        say "ready to build"
        build_image
    fi
    inspect_image
    run_service
    check_confinement
    demo
    ten_images
    load_under_limit
    ends_under_load
    podman stop "$container" >/dev/null
    [ "$(podman inspect "$container" --format '{{.State.ExitCode}} {{.State.OOMKilled}}')" = '0 false' ] ||
        fail "the last end"
    say "all is as promised"
}

main
