# Sourced by scripts/test and scripts/demo: finds Python, makes the virtual environments of this checkout.
# Needs nothing but bash, Debian's essential packages and a Python >= 3.11.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# runs_python PYTHON CONDITION: whether PYTHON starts at all and CONDITION, an expression over `v` (major, minor), holds.
# A shim of a version manager stands on PATH for interpreters that it then refuses to start.
runs_python() {
  "$1" -c "import sys; v = sys.version_info[:2]; sys.exit(not ($2))" >/dev/null 2>&1
}

# candidates NAME: every place where an interpreter called NAME (python3, python3.12) may be, one a line.
candidates() {
  local name=$1 shim versions bin
  type -ap "$name" || true
  shim=$(type -p python3 || true)
  for versions in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv" "${shim%/shims/*}"; do
    for bin in "$versions"/versions/*/bin; do
      [ -x "$bin/$name" ] && say "$bin/$name"
    done
  done
  return 0
}

# find_python NAME CONDITION: prints the first interpreter called NAME for which CONDITION holds; 1 when there is none.
find_python() {
  local found
  while read -r found; do
    if runs_python "$found" "$2"; then
      "$found" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done < <(candidates "$1")
  return 1
}

# main_python: the interpreter of `.venv`: $PYTHON when set, else python3, else the newest that is new enough.
main_python() {
  local name
  if [ -n "${PYTHON:-}" ]; then
    runs_python "$PYTHON" 'v >= (3, 11)' || fail "PYTHON=$PYTHON is no Python 3.11 or newer."
    "$PYTHON" -c 'import sys; print(sys.executable)'
    return
  fi
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    find_python "$name" 'v >= (3, 11)' && return
  done
  fail "cevents needs Python 3.11 or newer: apt-get install python3 python3-venv"
}

# make_venv PYTHON DIRECTORY: an empty virtual environment with pip in it.
# Debian keeps ensurepip, and with it `python3 -m venv`, in a package of its own.
make_venv() {
  local python=$1 directory=$2 package
  rm -rf "$directory"
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null && [ "$(id -u)" = 0 ] && type -p apt-get >/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    say "Installing $package"
    apt_install "$package" || apt_install python3-venv || true
  fi
  if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv "$directory"
  elif "$python" -c 'import pip, venv' 2>/dev/null; then
    "$python" -m venv --without-pip "$directory"
    "$python" -m pip --quiet --python "$directory/bin/python" install pip
  else
    fail "This Python cannot make virtual environments. Run this first: apt-get install python3-venv"
  fi
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  [ -n "${apt_updated:-}" ] || apt-get update -qq || say "apt-get update failed; trying with the lists at hand"
  apt_updated=yes
  apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# usable_venv PYTHON DIRECTORY: whether DIRECTORY is a virtual environment of PYTHON's version that was made there.
# A copied one still starts, but its programs run the interpreter, and with it the packages, of the place it came from.
usable_venv() {
  runs_python "$2/bin/python" "v == $("$1" -c 'import sys; print(sys.version_info[:2])')" &&
    grep -qsF "$2" "$2/bin/activate"
}

# prepare PYTHON DIRECTORY PIP_ARGUMENT...: a virtual environment with this checkout and what else pip is told to install.
# It is reused as long as the interpreter, the arguments and pyproject.toml are the same.
prepare() {
  local python=$1 directory=$2 stamp
  shift 2
  stamp=$({ "$python" -VV && say "$@" && cat "$root/pyproject.toml" "$root/src/cevents/__about__.py"; } | sha256sum)
  if usable_venv "$python" "$directory"; then
    [ "$(cat "$directory/.stamp" 2>/dev/null)" = "$stamp" ] && return
  else
    say "Making ${directory#"$root"/} with $("$python" -V)"
    make_venv "$python" "$directory"
  fi

  say "Installing into ${directory#"$root"/}: $*"
  export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
  # An environment that somebody made by other means may come without pip.
  "$directory/bin/python" -m pip --version >/dev/null 2>&1 || "$directory/bin/python" -m ensurepip >/dev/null
  "$directory/bin/python" -m pip install --quiet 'pip>=25.1' # the first that knows --group
  (cd "$root" && "$directory/bin/python" -m pip install --quiet "$@")
  say "$stamp" >"$directory/.stamp"
}
