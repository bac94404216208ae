#!/usr/bin/env bash
# Checks the files for Prometheus and Grafana without either running: the rules and their tests by promtool, the
# dashboard against the types that Grafana publishes. The compiler and the types come from npm, into .build/.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
files=$root/helm/rawcow/files
packages=(@grafana/schema@13.2.3 typescript@5.9.3)
node=$root/.build/monitoring

rules() {
    promtool check rules "$files/rawcow.rules.yml"
    promtool test rules "$root/src/test/prometheus/rawcow.rules.test.yml"
}

fetch_types() {
    [ "$(cat "$node/packages" 2>/dev/null)" = "${packages[*]}" ] && return
    rm -rf "$node"
    mkdir -p "$node"
    npm --prefix "$node" install --no-audit --no-fund --ignore-scripts "${packages[@]}"
    echo "${packages[*]}" >"$node/packages"
}

# A name in another case, a wrong type, an option that a panel does not have: each of them is an error of the compiler.
# Grafana has no types for queries.
dashboard_as_typescript() {
    local type module panels
    cat <<'EOF'
import type {Dashboard} from "@grafana/schema";
// What is an enum there is a string in JSON.
type Plain<T> = T extends string ? `${T}`
    : T extends (infer E)[] ? Plain<E>[]
    : T extends object ? {[K in keyof T]: Plain<T[K]>}
    : T;
EOF
    printf 'export const dashboard: Plain<Dashboard> = %s;\n' "$(cat "$files/rawcow.dashboard.json")"
    for type in Stat TimeSeries StateTimeline Table Heatmap; do
        module=${type,,}
        panels=$(jq --arg type "$module" \
            '[.panels[] | select((.type | gsub("-"; "")) == $type)]' "$files/rawcow.dashboard.json")
        cat <<EOF
import type * as $type from "@grafana/schema/dist/esm/raw/composable/$module/panelcfg/x/${type}PanelCfg_types.gen";
export const options$type: Plain<Partial<$type.Options>>[] = $(jq 'map(.options)' <<<"$panels");
EOF
        [ "$type" = Stat ] || cat <<EOF
export const custom$type: Plain<Partial<$type.FieldConfig>>[] = $(jq 'map(.fieldConfig.defaults.custom)' <<<"$panels");
EOF
    done
}

dashboard() {
    fetch_types
    dashboard_as_typescript >"$node/dashboard.ts"
    (cd "$node" && node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext \
        --target es2022 dashboard.ts)
    jq -r '"rawcow.dashboard.json: \(.panels | length) panels, \([.panels[].targets[]?] | length) queries"' \
        "$files/rawcow.dashboard.json"
}

rules
dashboard
