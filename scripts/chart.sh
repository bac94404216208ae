#!/usr/bin/env bash
# Holds the Helm chart to what it says, with Helm 3 and Helm 4: it is linted, rendered with every set of values below,
# and refuses what src/test/chart/refused.txt lists; the manifests for kubectl are those that it renders.
#   chart.sh                checks
#   chart.sh --write        makes helm/manifests anew
#   chart.sh --render DIR   leaves everything that is rendered in DIR, a folder for each Helm
set -euo pipefail
cd "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")"
chart=helm/rawcow
manifests=helm/manifests
cases=src/test/chart
monitoring=(--api-versions monitoring.coreos.com/v1)

checks=()

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HELM_CACHE_HOME=$work/cache HELM_CONFIG_HOME=$work/config HELM_DATA_HOME=$work/data

complain() {
    echo "chart.sh: $*" >&2
    exit 1
}

# With rules and a dashboard, whether the chart has some already or not.
planted_chart() {
    cp -r "$chart" "$work/planted"
    mkdir -p "$work/planted/files"
    cat >"$work/planted/files/planted.rules.yml" <<'EOF'
groups:
  - name: planted
    rules:
      - alert: Planted
        expr: up == 0
        for: 5m
        annotations:
          summary: '{{ $labels.image }} is down: {{ $value | humanize }}'
EOF
    echo '{"title": "planted {{image}}", "panels": []}' >"$work/planted/files/planted.dashboard.json"
}

# Somebody else's chart, with ours in it.
parent_chart() {
    cp -r "$cases/parent" "$work/parent"
    mkdir -p "$work/parent/charts"
    cp -r "$chart" "$work/parent/charts/rawcow"
}

render() {
    local helm=$1 out=$2 values name
    mkdir -p "$out"
    "$helm" template test "$chart" >"$out/defaults.yaml"
    for values in "$chart"/examples/*.yaml "$cases"/values/*.yaml; do
        name=$(basename "$values" .yaml)
        "$helm" template test "$chart" --namespace disks --values "$values" >"$out/$name.yaml"
        "$helm" template test "$work/planted" --values "$values" "${monitoring[@]}" >"$out/$name-monitored.yaml"
    done
    "$helm" template test "$work/parent" >"$out/parent.yaml"
    # The oldest Kubernetes of each mode.
    "$helm" template test "$chart" --kube-version 1.23.0 >"$out/oldest.yaml"
    "$helm" template test "$chart" --kube-version 1.29.0-eks-1 --values "$chart/examples/sidecar.yaml" \
        >"$out/oldest-sidecar.yaml"
}

lint() {
    local helm=$1 values
    "$helm" lint --strict --quiet "$chart"
    for values in "$chart"/examples/*.yaml "$cases"/values/*.yaml; do
        "$helm" lint --strict --quiet "$chart" --values "$values"
    done
    "$helm" lint --strict --quiet "$work/parent"
    "$helm" package --destination "$work" "$chart" >/dev/null
}

refuse() {
    local helm=$1 line options word said
    while IFS= read -r line; do
        [[ $line == \#* ]] && continue
        word=${line##* | }
        read -ra options <<<"${line%% | *}"
        if said=$("$helm" template test "$chart" "${options[@]}" 2>&1); then
            complain "was taken, and must not be: ${options[*]}"
        fi
        [[ $said == *"$word"* ]] || complain "was refused without a word of '$word': ${options[*]}: $said"
    done <"$cases/refused.txt"
}

# What a release has and a file for kubectl has not: the test pod, and who installed it.
make_manifests() {
    local helm=$1 out=$2 mode
    mkdir -p "$out"
    for mode in sidecar statefulset deployment daemonset; do
        {
            echo "# Made by scripts/chart.sh --write from $chart with examples/$mode.yaml. Do not edit."
            "$helm" template rawcow "$chart" --namespace rawcow --values "$chart/examples/$mode.yaml" --no-hooks
        } | sed -e '/managed-by: /d' -e '/helm\.sh\//d' -e '/^[[:space:]]*$/d' >"$out/$mode.yaml"
    done
    {
        echo "# Made by scripts/chart.sh --write from $chart. Do not edit. Needs the Prometheus operator."
        "$helm" template rawcow "$chart" --namespace rawcow "${monitoring[@]}" --show-only templates/monitoring.yaml
    } | sed -e '/managed-by: /d' -e '/helm\.sh\//d' -e '/^[[:space:]]*$/d' >"$out/monitoring.yaml"
}

programs=$(scripts/helm.sh)
mapfile -t helms <<<"$programs"
case ${1:-} in
    '') out=$work/out ;;
    --write)
        make_manifests "${helms[-1]}" "$manifests"
        exit
        ;;
    --render)
        out=${2:?DIR}
        ;;
    *)
        echo "usage: chart.sh [--write | --render DIR]" >&2
        exit 1
        ;;
esac

check() {
    local helm=$1 version=$2
    render "$helm" "$out/$version"
    [ "$out" = "$work/out" ] || return 0
    lint "$helm"
    refuse "$helm"
    make_manifests "$helm" "$work/manifests-$version"
    diff -r "$manifests" "$work/manifests-$version" ||
        complain "$manifests is not what the chart renders with Helm $version: run scripts/chart.sh --write"
    echo "chart.sh: Helm $version: $(find "$out/$version" -name '*.yaml' | wc -l) renderings," \
        "$(grep -vc '^#' "$cases/refused.txt") values refused"
}

planted_chart
parent_chart
for helm in "${helms[@]}"; do
    check "$helm" "${helm##*/helm-}" &
    checks+=($!)
done
for check in "${checks[@]}"; do
    wait "$check"
done
# They differ in blank lines and in nothing else.
diff -rB "$out"/* || complain "Helm 3 and Helm 4 do not render the same"
