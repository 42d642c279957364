#!/usr/bin/env bash
# Installs what a build ("build"), the tests ("test") or the tests on emulated processors ("emulators") need and this
# machine lacks, from Debian's packages.
# usage: tools/install_dependencies.sh build|test|emulators ...
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache lld
  libboost1.81-dev libboost-json1.81-dev libcli11-dev libcurl4-openssl-dev libexpected-dev libfmt-dev libhiredis-dev
  libspdlog-dev libssl-dev libtomlplusplus-dev libutf8proc-dev libxxhash-dev prometheus-cpp-dev
  python3 python3-pip
)
test_packages=(clang llvm libgtest-dev libgmock-dev libbenchmark-dev openssl redis-server python3-venv chromium chromium-driver)
emulator_packages=(g++-aarch64-linux-gnu qemu-user googletest)

wanted=()
for group in "$@"; do
  case $group in
    build) wanted+=("${build_packages[@]}") ;;
    test) wanted+=("${test_packages[@]}") ;;
    emulators) wanted+=("${emulator_packages[@]}") ;;
    *) echo "usage: $0 build|test|emulators ..." >&2; exit 2 ;;
  esac
done
if ! command -v dpkg-query >/dev/null; then
  echo "This is no Debian system. Install what corresponds to: ${wanted[*]}" >&2
  exit 0
fi
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^ii  *//p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qx -- "$package" <<<"$installed" || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

echo "Installing: ${missing[*]}"
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || { echo "Neither root nor sudo: install these packages first." >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
