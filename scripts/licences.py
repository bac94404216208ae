#!/usr/bin/env python3
"""Holds docs/dependencies.md to an SBOM: its table of jars and licences, and a reason for each direct dependency; and
every licence to those that are allowed.

usage: licences.py SBOM          fails, and shows the difference, if the table is another
       licences.py SBOM --write  replaces it
"""

import difflib
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
DOCUMENT = f"{ROOT}/docs/dependencies.md"
BEGIN, END = "<!-- jars -->\n", "<!-- end of jars -->\n"
# One of a component's licences has to be among them.
ALLOWED = {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "EPL-1.0", "EPL-2.0"}


def licences(component):
    found = [entry.get("license", {}) for entry in component.get("licenses", [])]
    return [licence.get("id") or licence.get("name") for licence in found]


def rows(sbom):
    for component in sorted(sbom["components"], key=lambda c: (c["group"], c["name"])):
        names = licences(component)
        if not ALLOWED.intersection(names):
            sys.exit(f"licence not allowed: {component['group']}:{component['name']}: {names}: see ALLOWED")
        yield f"| {component['group']}:{component['name']} | {component['version']} | {', '.join(names)} |\n"


def unexplained(sbom, text):
    """Names of direct dependencies that no row begins with."""
    root = sbom["metadata"]["component"]["bom-ref"]
    direct = next(entry["dependsOn"] for entry in sbom["dependencies"] if entry["ref"] == root)
    names = [component["name"] for component in sbom["components"] if component["bom-ref"] in direct]
    explained = {row.split("|")[1] for row in text.splitlines() if row.startswith("|")}
    return [name for name in names if not any(re.search(rf"[`:]{re.escape(name)}`", row) for row in explained)]


def main():
    with open(sys.argv[1]) as file:
        sbom = json.load(file)
    table = ["| jar | version | licence |\n", "|---|---|---|\n", *rows(sbom)]
    with open(DOCUMENT) as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    there, after = rest.split(END)
    missing = unexplained(sbom, before)
    if missing:
        sys.exit(f"{DOCUMENT} does not say why these are there: {', '.join(missing)}")
    if sys.argv[2:] == ["--write"]:
        with open(DOCUMENT, "w") as file:
            file.write(before + BEGIN + "".join(table) + END + after)
        return
    difference = list(difflib.unified_diff(there.splitlines(True), table, "docs/dependencies.md", sys.argv[1]))
    if difference:
        sys.exit("".join(difference) + "the table is not that of the SBOM: scripts/licences.py SBOM --write")


main()
