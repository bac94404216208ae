#!/usr/bin/env bash
# Makes what is given to others: FOLDER/rawcow-VERSION, the extracted build with all it needs but Java, and the same as
# FOLDER/rawcow-VERSION.tar.gz. FOLDER is target/dist if not stated. The same sources give the same bytes.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# shellcheck source=scripts/java.sh
. "$root/scripts/java.sh"

mkdir -p "${1:-$root/target/dist}"
folder=$(readlink -f "${1:-$root/target/dist}")
JAVA_HOME=$(find_jdk)
export JAVA_HOME
java=$JAVA_HOME/bin/java
jar=$folder/maven/rawcow.jar

(cd "$root" && maven -q -Pdist -Dquick -Dmaven.test.skip=true -Dquick.directory="$folder/maven" clean package)
version=$("$java" -jar "$jar" --version)
name=rawcow-${version#rawcow }
home=$folder/$name

rm -rf "$home"
"$java" -Djarmode=tools -jar "$jar" extract --destination "$home"
cp "$folder/maven/classes/META-INF/sbom/application.cdx.json" "$home/sbom.cdx.json"
mkdir "$home/bin" "$home/systemd"
cp "$root"/src/main/dist/{rawcow,train} "$root/scripts/java.sh" "$home/bin/"
cp "$root/src/main/dist/rawcow.service" "$home/systemd/"
cp "$root"/{LICENSE,CHANGELOG.md,openapi.yaml} "$root/src/main/dist/jvm.options" "$root/docs/install.md" "$home/"

# One time, one owner, one mode, one order.
time=$(sed -n 's|.*<project.build.outputTimestamp>\(.*\)</.*|\1|p' "$root/pom.xml")
chmod -R u=rwX,go=rX "$home"
find "$home" -exec touch -h -d "$time" {} +
tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$name" |
    gzip -n -9 >"$folder/$name.tar.gz"
printf '%s\n' "$folder/$name.tar.gz"
