#!/usr/bin/env bash
# Installs the release build to a temporary prefix, and builds and runs programs against what is there: one of ours,
# and the one that README.md shows.
# usage: test/install/run.sh [BUILD_FOLDER]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "${1:-$root/build/release}" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failed() {
  echo "$1" >&2
  tail -n 40 "$work/log" >&2
  echo "0 passed, 1 failed"
  exit 1
}

cmake --install "$build" --prefix "$work/prefix" >"$work/log" 2>&1 || failed "the installation failed"
for file in bin/warren include/warren/node/node.hpp; do
  [[ -s $work/prefix/$file ]] || failed "$file is not installed"
done
for pattern in 'libwarren.a' 'WarrenConfig.cmake' 'LICENSE'; do
  [[ -n $(find "$work/prefix" -name "$pattern") ]] || failed "$pattern is not installed"
done
unwanted=$(find "$work/prefix/include" -name '*_test.*' -o -name '*_contract.hpp' -o -name '*.cpp')
[[ -z $unwanted ]] || failed "parts of our tests are installed: $unwanted"
# An installed file that names the place it was built at works on this machine only.
! grep -rlI --include='*.cmake' -e "$root" "$work/prefix" || failed "a package file names the source tree"

"$work/prefix/bin/warren" --version >>"$work/log" 2>&1 || failed "the installed program does not run"

# program_of FILE: its C++ example, without comments and empty lines.
program_of() {
  sed -n '/^```cpp$/,/^```$/p' "$1" | sed '/^```/d; s:/\*[^*]*\*/::g; s: *//.*$::; /^$/d'
}

program_of "$root/README.md" >"$work/readme.cpp"
[[ -s $work/readme.cpp ]] || failed "README.md shows no C++"
diff "$work/readme.cpp" <(program_of "$root/README.zh-CN.md") >"$work/log" || failed "README.zh-CN.md shows another program"

cmake -S "$root/test/install/consumer" -B "$work/consumer" -DCMAKE_BUILD_TYPE=Release \
  -DREADME_PROGRAM="$work/readme.cpp" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1 || failed "find_package(Warren) failed"
cmake --build "$work/consumer" >"$work/log" 2>&1 || failed "the consumer does not build"
said=$(timeout 60 "$work/consumer/consumer" 2>"$work/log") || failed "the consumer failed"
[[ $said == HELLO ]] || failed "the consumer said '$said', not HELLO"
timeout 60 "$work/consumer/readme" >"$work/log" 2>&1 || failed "the program of README.md failed"
echo "1 passed, 0 failed"
