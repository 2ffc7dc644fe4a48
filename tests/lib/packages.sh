# SPDX-License-Identifier: AGPL-3.0-or-later
# shellcheck shell=bash disable=SC2034
# Sourced by ./run and ./test: the packages kring needs, and how it is built.
# Everything said here goes to standard error, so that the standard output of
# ./run is the program's own.

# A name with | in it stands for the first of its parts that Debian knows.
KRING_BUILD_PACKAGES=(
    build-essential cmake pkg-config gettext libsodium-dev libuv1-dev
    'libmsgpack-dev|libmsgpack-c-dev' libsqlite3-dev libutf8proc-dev
    libqrencode-dev libpng-dev libfribidi-dev fonts-dejavu-core
)
KRING_TEST_PACKAGES=(
    clang 'libclang-rt-dev|libclang-rt-14-dev' python3 python3-dissononce
    golang-github-flynn-noise-dev strace git valgrind gdb zbar-tools
    mandoc poppler-utils dosfstools iproute2
)

say() {
    printf '%s\n' "$*" >&2
}

package_is_here() {
    local part state
    for part in ${1//|/ }; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$part" 2>/dev/null) || true
        [ "$state" = installed ] && return 0
    done
    return 1
}

package_pick() {
    local part
    for part in ${1//|/ }; do
        apt-cache show "$part" >/dev/null 2>&1 && { echo "$part"; return 0; }
    done
    echo "${1%%|*}"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@" || sudo "$@"
    fi
}

# packages_need LOG NAME...: install what is missing, ask nothing.
packages_need() {
    local log=$1 name missing=() picked=()
    shift
    if ! command -v dpkg-query >/dev/null; then
        say "This is not Debian. Install these yourself if the build fails: $*"
        return 0
    fi
    for name in "$@"; do
        package_is_here "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        say "These packages are missing, and only root can install them: ${missing[*]}"
        return 1
    fi
    say "Installing: ${missing[*]}"
    mkdir -p "$(dirname "$log")"
    if ! as_root apt-get update </dev/null >"$log" 2>&1; then
        say "apt-get update failed; trying with the lists that are here."
    fi
    for name in "${missing[@]}"; do
        picked+=("$(package_pick "$name")")
    done
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
        --no-install-recommends "${picked[@]}" </dev/null >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        say "Installing failed. The whole log: $log"
        return 1
    fi
}

# build_preset ROOT PRESET TARGET [-D...]: configure and build, quietly. One build
# of a folder at a time; a folder made for another place is made anew.
build_preset() {
    local root=$1 preset=$2 target=$3 log dir home
    shift 3
    dir=$root/build/$preset
    log=$root/build/$preset.log
    home="CMAKE_HOME_DIRECTORY:INTERNAL=$root"
    mkdir -p "$dir"
    (
        flock 9
        if [ -f "$dir/CMakeCache.txt" ] &&
            ! grep -qxF "$home" "$dir/CMakeCache.txt"; then
            rm -rf "$dir"
        fi
        if ! { cd "$root" && cmake --preset "$preset" "$@" &&
            cmake --build "$dir" --target "$target" -j "$(nproc)"; } \
            </dev/null >"$log" 2>&1; then
            grep -E -A4 'error|Error' "$log" | head -n 40 >&2 || tail -n 20 "$log" >&2
            say "Building $preset failed. The whole log: $log"
            exit 1
        fi
    ) 9>"$root/build/$preset.lock"
}
