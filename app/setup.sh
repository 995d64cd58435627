# Shared by app/run and tests/run (sourced, bash): finds missing system packages, installs them, builds.
# Everything it says goes to stderr, so that the program's stdout stays the program's.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$root/build"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$name: error: $*"; exit 2; }

# Build and run needs, as Debian 12 and newer name them; what tests/run needs beside them.
app_packages=(g++ cmake ninja-build pkg-config libfmt-dev libcairo2-dev libpango1.0-dev libpng-dev libmd4c-dev
  libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libeigen3-dev libglfw3-dev libimgui-dev libgl-dev libgl1-mesa-dri
  fonts-noto-core fonts-noto-cjk)
test_packages=(catch2 xvfb xauth xdotool imagemagick poppler-utils)

missing_packages() {  # names those of "$@" that are not installed, one a line
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Provides}\n' 2>/dev/null | awk -F'\t' '
    $1 ~ /^ii/ { print $2; n = split($3, provided, /, */); for (i = 1; i <= n; i++) { sub(/ .*/, "", provided[i]); print provided[i] } }')
  local package
  for package in "$@"; do
    grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
  done
}

install_missing() {  # install_missing ANSWER PACKAGE...: ANSWER "yes" skips the question before sudo
  local answer=$1
  shift
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "$name: note: this is no Debian system; these packages, or what your system calls them, must be there: $*"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "$name: missing system packages: ${missing[*]}"
  local command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "no right to install them: as root, run: $command"
    if [ "$answer" != yes ]; then
      [ -t 0 ] || fail "to install them, start again with --yes, or run as root: $command"
      local reply
      read -r -p "Install them with sudo? [y/N] " reply >&2
      case $reply in [yY]*) ;; *) fail "nothing installed; when you are ready, run as root: $command" ;; esac
    fi
    as_root=(sudo)
  fi
  { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >&2 ||
    fail "installing failed (see above): check the network and the package sources, or run as root: $command"
}

build_targets() {  # build_targets WITH_TESTS TARGET...: configures where needed, then lets ninja find what changed
  local with_tests=$1 log="$build/build.log"
  shift
  mkdir -p "$build" 2>/dev/null || fail "cannot write to $build: make the folder writable or copy the project elsewhere"
  # The first one configures; tests are added to a build without them, never taken away from one that has them.
  if [ ! -f "$build/build.ninja" ] || { [ "$with_tests" = ON ] && ! grep -q '^QLAB_TESTS:BOOL=ON$' "$build/CMakeCache.txt"; }; then
    say "$name: configuring (Release) ..."
    local options=(-DCMAKE_BUILD_TYPE=Release -DQLAB_TESTS="$with_tests")
    [ -z "${CI:-}" ] || options+=(-DQLAB_WERROR=ON)
    ! command -v ccache >/dev/null || options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    cmake -S "$root" -B "$build" -G Ninja "${options[@]}" >"$log" 2>&1 || {
      cat "$log" >&2
      rm -f "$build/build.ninja"
      fail "configuring failed (see above): usually a package is missing or too old"
    }
  fi
  # A dry run always names CMake's look at the folders; anything beside that is work worth announcing.
  if ninja -C "$build" -n "$@" 2>/dev/null | grep -qvE 'Entering directory|Re-checking globbed|Re-running CMake|no work to do'; then
    say "$name: building (the first time takes minutes) ..."
  fi
  if [ -t 2 ]; then
    ninja --quiet -C "$build" "$@" >&2 || fail "building failed: the compiler's words are above"
  else
    ninja -C "$build" "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "building failed: the compiler's words are above"; }
  fi
}
