#!/bin/sh
# Every public header compiles alone, as C11 and as C++11, without a warning, and their macros
# serve a C++ program.
#
# usage: test_headers.sh INCLUDE_FOLDER GENERATED_INCLUDE_FOLDER
set -eu
sources=$1
generated=$2
for header in "$sources"/chronaxie/*.h "$generated"/chronaxie/version.h; do
    name=chronaxie/$(basename "$header")
    for compiler in "${CC:-cc} -std=c11 -x c" "${CXX:-c++} -std=c++11 -x c++"; do
        # The compiler's words are meant to be split.
        # shellcheck disable=SC2086
        echo "#include <$name>" | $compiler -Wall -Wextra -Werror -I"$sources" -I"$generated" \
            -fsyntax-only - || { echo "$name does not compile alone: $compiler" >&2; exit 1; }
    done
done
for standard in c++11 c++20; do
    # shellcheck disable=SC2086
    ${CXX:-c++} -std=$standard -Wall -Wextra -Werror -I"$sources" -I"$generated" -fsyntax-only \
        "$(dirname "$0")/headers.cc" || { echo "the headers do not serve $standard" >&2; exit 1; }
done
