#!/bin/sh
# What `meson install` puts into a prefix suffices to build and run a small program.
#
# usage: test_install.sh BUILD_FOLDER
set -eu
build=$1
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

meson install -C "$build" --no-rebuild --destdir "$top/root" >"$top/log" || cat "$top/log"
find "$top/root" | sed "s|^$top/root||" | sort >"$top/files"
for wanted in bin/chronaxie include/chronaxie/chronaxie.h include/chronaxie/version.h \
    man/man1/chronaxie.1 bash-completion/completions/chronaxie; do
    grep -q "/$wanted\$" "$top/files" || { echo "not installed: $wanted"; exit 1; }
done

pc=$(find "$top/root" -name chronaxie.pc)
libraries=$(dirname "$(find "$top/root" -name libchronaxie.so)")
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$top/root"
cat >"$top/ten.c" <<'TEXT'
#include <chronaxie/chronaxie.h>
#include <stdio.h>
int main(void)
{
    chx_runtime *runtime;
    if (chx_runtime_create(&runtime, NULL))
        return puts(chx_last_error()->message), 1;
    printf("%u devices, chronaxie %s\n", chx_runtime_n_devices(runtime), CHX_VERSION);
    chx_runtime_destroy(&runtime);
    return runtime != NULL;
}
TEXT
# pkg-config's words are meant to be split.
# shellcheck disable=SC2046
${CC:-cc} -std=c11 -Wall -Werror "$top/ten.c" -o "$top/ten" $(pkg-config --cflags --libs chronaxie)
LD_LIBRARY_PATH=$libraries "$top/ten"
LD_LIBRARY_PATH=$libraries "$(find "$top/root" -path '*/bin/chronaxie')" version

# Only chx_ symbols leave the library.
if nm -D --defined-only "$libraries/libchronaxie.so" | awk '{print $3}' | sed 's/@.*//' \
    | grep -v -e '^chx_[a-z0-9]' -e '^CHRONAXIE'; then
    echo "the library exports the symbols above"
    exit 1
fi
