# shellcheck shell=bash
# Sourced: which JDK, and how Maven is called on it. The java on the PATH may well be an older one.

JDK_MAJOR=25

# Prints the home of a full JDK of the wanted version, or explains on stderr how to get one and fails.
find_jdk() {
    find_java javac
}

# The same for any Java that has a program: `java` is enough to run rawcow.
find_java() {
    local on_path home program=$1
    on_path=$(readlink -f "$(command -v java)") || true
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/* "${on_path%/bin/java}"; do
        if [ -x "$home/bin/$program" ] && grep -qs "^JAVA_VERSION=\"${JDK_MAJOR}[.\"]" "$home/release"; then
            printf '%s\n' "$home"
            return
        fi
    done
    cat >&2 <<EOF
rawcow: no JDK $JDK_MAJOR found: looked at JAVA_HOME=${JAVA_HOME:-(unset)}, /usr/lib/jvm/* and java on the PATH
Install one and run this again:
  Debian 13 and later, Ubuntu 24.04 and later:  apt-get install openjdk-$JDK_MAJOR-jdk-headless
  Fedora:                                       dnf install java-$JDK_MAJOR-openjdk-devel
  elsewhere: unpack a JDK $JDK_MAJOR (for example Eclipse Temurin) and set JAVA_HOME to its folder
EOF
    return 1
}

# Without a UTF-8 locale Java loses the other letters of a file's name before main() sees them.
use_utf8() {
    case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
        *[Uu][Tt][Ff]-8* | *[Uu][Tt][Ff]8*) ;;
        *)
            unset LC_ALL
            export LC_CTYPE=C.UTF-8
            ;;
    esac
}

# Maven on $JAVA_HOME, in plain text: 3.8 warns of its own use of Unsafe on this JDK, and colours even a pipe.
maven() {
    MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED ${MAVEN_OPTS:-}" \
        mvn -B -Dstyle.color=never "$@" </dev/null | sed -u 's/\x1b\[[0-9;]*m//g'
}
