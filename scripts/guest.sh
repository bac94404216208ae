#!/usr/bin/env bash
# Makes what GuestVmIT boots: a Linux kernel and a small initramfs, out of Debian packages that are unpacked and never
# installed. Prints the folder with vmlinuz and initramfs, and then QEMU's options that start it fastest here and now.
# The packages stay in the user's cache, the folder in .build/, for as long as nothing that goes into it changes.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
init=$root/src/test/guest/init
modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk)
debs=${XDG_CACHE_HOME:-$HOME/.cache}/rawcow/guest
guest=$root/.build/guest/$(cat "$init" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-16)

# apt holds a package to the checksum in the signed lists; a download that was cut off never gets its final name.
fetch() {
    local part status=0
    part=$(mktemp -d "$debs/part.XXXXXX")
    chmod 755 "$part" # apt drops its privileges
    { (cd "$part" && apt-get -q download "$@") && mv "$part"/*.deb "$debs/"; } || status=1
    rm -r "$part"
    return $status
}

packages() {
    local kernel
    kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p')
    [ -n "$kernel" ] && fetch "$kernel" busybox-static
}

have_packages() {
    compgen -G "$debs/linux-image-*.deb" >/dev/null && compgen -G "$debs/busybox-static_*.deb" >/dev/null
}

get_packages() {
    if have_packages || packages; then
        return
    fi
    # The lists are older than the archive, or empty.
    if [ "$(id -u)" -eq 0 ] && apt-get -q update && packages; then
        return
    fi
    cat <<EOF
guest.sh: cannot download the guest's kernel and shell: packages=linux-image-cloud-amd64,busybox-static system=$(uname -m)
On Debian: run this once:  sudo apt-get update
elsewhere: put Debian's linux-image-*-cloud-amd64_*.deb and busybox-static_*_amd64.deb into $debs
EOF
    return 1
}

newest() {
    # shellcheck disable=SC2012 # our own folder, and apt's names
    ls -t "$debs/$1"*.deb | head -n 1
}

make_initramfs() {
    local work=$1 module file
    mkdir -p "$work/root/bin" "$work/root/modules"
    : >"$work/root/modules/order"
    dpkg-deb -x "$(newest linux-image-)" "$work/kernel"
    dpkg-deb -x "$(newest busybox-static_)" "$work/busybox"
    cp "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
    cp "$(find "$work/busybox" -name busybox -type f -perm -u+x)" "$work/root/bin/busybox"
    install -m 755 "$init" "$work/root/init"
    for module in "${modules[@]}"; do
        file=$(find "$work/kernel" -name "$module.ko*")
        [ -n "$file" ] || continue # built in
        cp "$file" "$work/root/modules/"
        [[ $file != *.xz ]] || xz -d "$work/root/modules/$module.ko.xz"
        echo "$module.ko" >>"$work/root/modules/order"
    done
    (cd "$work/root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc | gzip -1) >"$work/initramfs"
    rm -r "$work/root" "$work/kernel" "$work/busybox"
}

# That /dev/kvm opens does not mean that a guest runs on it.
boots() {
    timeout 30 qemu-system-x86_64 "${@:2}" -m 256 -nodefaults -display none -serial stdio -no-reboot \
        -kernel "$1/vmlinuz" -initrd "$1/initramfs" -append 'console=ttyS0 quiet panic=-1 guest=probe' </dev/null 2>&1 |
        grep -q 'GUEST DONE'
}

choose_accelerator() {
    if [ -w /dev/kvm ] && boots "$1" -accel kvm -cpu host; then
        echo "-accel kvm -cpu host"
    elif boots "$1" -accel tcg -cpu max; then
        echo "-accel tcg -cpu max"
    else
        echo "guest.sh: the kernel does not boot, neither under KVM nor emulated" >&2
        return 1
    fi
}

if [ ! -d "$guest" ]; then
    mkdir -p "$debs" "$root/.build/guest"
    get_packages >&2
    work=$(mktemp -d "$root/.build/guest/part.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    make_initramfs "$work"
    mv -T "$work" "$guest" || [ -d "$guest" ] # somebody else was faster
fi
accelerator=$(choose_accelerator "$guest")
printf '%s\n' "$guest" "$accelerator"
