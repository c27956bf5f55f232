# Sourced by ./dev. Installs the packages that the build and the tools need: Debian 12. When
# all of them are there nothing is contacted, and it takes a few milliseconds.

BUILD_PACKAGES=(g++ cmake ninja-build pkg-config ccache mold libssl-dev libsodium-dev libprotobuf-dev protobuf-compiler
  libngtcp2-dev libngtcp2-crypto-gnutls-dev libgnutls28-dev
  libgrpc++-dev protobuf-compiler-grpc libsqlite3-dev libc-ares-dev libldns-dev libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev
  nlohmann-json3-dev prometheus-cpp-dev doctest-dev python3 iproute2 iputils-ping iperf3 coturn git ca-certificates)
LINT_PACKAGES=(clang-19 clang-tidy-19 clang-format-19)
# The dev and fuzz presets, names in their traces (llvm-19), and the format stage.
CLANG_PACKAGES=(clang-19 libclang-rt-19-dev llvm-19 clang-format-19)
BENCH_PACKAGES=(libbenchmark-dev)
PLOT_PACKAGES=(gnuplot-nox)
# Boost is any one of these. Debian 12 calls 1.74 "libboost-dev", which is too old, so the version is in the name.
BOOST_PACKAGES=(libboost1.81-dev libboost1.83-dev libboost1.88-dev)

setup_failed() {
  {
    echo "dev: $1"
    echo "Warren needs these packages (those of Debian 12): ${*:2}"
    echo "Where they come from elsewhere, set WARREN_NO_SETUP=1 and this step is left out."
  } >&2
  exit 1
}

# setup [lint|clang|bench|plot]...
setup() {
  local wanted=("${BUILD_PACKAGES[@]}") missing=() group
  for group in "$@"; do
    case "$group" in
      lint) wanted+=("${LINT_PACKAGES[@]}") ;;
      clang) wanted+=("${CLANG_PACKAGES[@]}") ;;
      bench) wanted+=("${BENCH_PACKAGES[@]}") ;;
      plot) wanted+=("${PLOT_PACKAGES[@]}") ;;
      *) setup_failed "there is no group '$group' of packages; there are lint, clang, bench and plot" "${wanted[@]}" ;;
    esac
  done
  if [[ -n ${WARREN_NO_SETUP:-} ]]; then return; fi
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    setup_failed "this machine has no apt, so nothing can be installed for you" "${wanted[@]}" "${BOOST_PACKAGES[0]}"
  fi

  local installed package
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" "${BOOST_PACKAGES[@]}" 2>/dev/null |
    awk '$2 == "installed" { print $1 }') || true
  for package in "${wanted[@]}"; do
    if ! grep -qxF "$package" <<<"$installed"; then missing+=("$package"); fi
  done
  local boost=yes
  for package in "${BOOST_PACKAGES[@]}"; do
    if grep -qxF "$package" <<<"$installed"; then boost=; fi
  done
  if [[ ${#missing[@]} -gt 0 || -n $boost ]]; then install_packages "$boost" "${missing[@]}"; fi
}

# install_packages BOOST [PACKAGE]...    BOOST is "yes" when Boost, in one of its names, is to be installed too
install_packages() {
  local boost=$1 log=$PWD/build/setup.log as_root=()
  shift
  local packages=("$@") package
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || setup_failed "packages are missing; this user is not root and sudo is not there" \
      "${packages[@]}" ${boost:+"${BOOST_PACKAGES[0]}"}
    # Without a terminal nobody can type a password: fail at once instead of waiting for one.
    as_root=(sudo)
    [[ -t 0 ]] || as_root+=(-n)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8)
  local apt=("${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=300)

  mkdir -p build
  : >"$log"
  echo "Installing packages: ${packages[*]}${boost:+ Boost} (log: build/setup.log)"
  if ! compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; then "${apt[@]}" update >>"$log" 2>&1 || true; fi
  if [[ -n $boost ]]; then
    for package in "${BOOST_PACKAGES[@]}"; do
      if apt-cache show "$package" >/dev/null 2>&1; then
        packages+=("$package")
        break
      fi
    done
    [[ ${packages[*]} == *libboost* ]] ||
      setup_failed "the distribution has no Boost 1.81 or later" "${BOOST_PACKAGES[@]}"
  fi
  # Old lists name versions that the mirror has replaced: one more try with new ones.
  local install=("${apt[@]}" install -y --no-install-recommends "${packages[@]}")
  if ! "${install[@]}" >>"$log" 2>&1 && ! { "${apt[@]}" update && "${install[@]}"; } >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    setup_failed "apt-get could not install what is missing (build/setup.log)" "${packages[@]}"
  fi
}
