# shellcheck shell=sh disable=SC2034,SC2154
# Installs Debian packages that are missing; sourced by tools/demo and tools/test.
#
# need PACKAGE...: calls apt only when something is missing, as root or through sudo, and never
# asks.

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$@"
    exit 1
}

missing_of() {
    for package in "$@"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
        [ "$state" = installed ] || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# Whether this release has the package at all.
is_offered() {
    apt-cache show "$1" >/dev/null 2>&1
}

need() {
    if ! command -v dpkg-query >/dev/null 2>&1; then
        say "this is not Debian or Ubuntu; continuing with what is installed. The packages are: $*"
        return 0
    fi
    missing=$(missing_of "$@")
    [ -n "$missing" ] || return 0
    say "installing $missing"
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
        die "cannot become root without a password; run: sudo apt-get install $missing"
    fi
    # Package names hold no spaces, so the list may be split.
    # shellcheck disable=SC2086
    if ! as_root apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1; then
        { as_root apt-get update -q && as_root apt-get install -y -q --no-install-recommends \
            $missing; } >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get failed, see $log"; }
    fi
}

# What it takes to build the library and to draw with it on the processor.
libraries="libc6-dev ocl-icd-opencl-dev opencl-headers libpng-dev libjansson-dev libxxhash-dev
    zlib1g-dev libhersheyfont-dev"
build_packages="$libraries meson ninja-build gcc pkg-config python3 pocl-opencl-icd
    hershey-fonts-data ffmpeg"
