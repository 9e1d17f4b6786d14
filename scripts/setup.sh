#!/bin/sh
# Leaves everything that Snug needs in .venv: system packages first, then scripts/setup.py.
# A second run compares one checksum and returns, without touching the network.
#   setup.sh [BACKEND] [FOLDER] [dev|installer]
set -eu
cd "$(dirname "$0")/.."

backend=${1:-auto}
venv=${2:-.venv}
purpose=${3:-dev}
stamp=$venv/setup.stamp
state="$(cat pyproject.toml scripts/setup.sh scripts/*.py | cksum)"
if [ -f "$stamp" ]; then
    # "auto" is content with whatever back end was set up before.
    case "$backend|$(cat "$stamp")" in
        "auto|$state "*|"$backend|$state $backend") exit 0 ;;
    esac
fi

say() { printf '==> %s\n' "$*"; }
stop() { printf 'error: %s\n%s\n' "$1" "$2" >&2; exit 1; }

# What Qt's xcb platform needs at run time, a font to draw with, a compiler for the engine, and a
# virtual screen with keys for the tests.
packages="build-essential ca-certificates python3-venv python3-dev fonts-inter fonts-dejavu-core
 libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0 libgomp1 libxcb-cursor0 libxcb-icccm4
 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1
 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0 xdotool xvfb"
case $backend in
    vulkan) packages="$packages glslc libvulkan-dev libvulkan1 mesa-vulkan-drivers spirv-headers" ;;
    portable) packages="$packages glslc libvulkan-dev libvulkan1 spirv-headers" ;;
esac
if [ "$purpose" = installer ]; then
    packages="$packages binutils chrpath makeself"
fi

install_system_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    missing=
    for package in $packages; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
            *'ok installed') ;;
            *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    command="apt-get install -y --no-install-recommends$missing"
    if [ "$(id -u)" = 0 ]; then
        elevate=
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        elevate=sudo
    else
        stop "these system packages are missing:$missing" \
            "Run this once as root, then make again:  apt-get update && $command"
    fi
    say "Installing system packages (about a minute):$missing"
    $elevate apt-get update -qq
    # shellcheck disable=SC2086 # the list is meant to be split
    DEBIAN_FRONTEND=noninteractive $elevate $command >/dev/null ||
        stop "the system packages could not be installed" "Run it yourself to see why:  $command"
}

install_system_packages
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    stop "Python 3.11 or newer was not found as python3" "Install it and run make again."
if [ ! -x "$venv/bin/python" ]; then
    say "Creating $venv (a few seconds)"
    python3 -m venv "$venv"
fi
"$venv/bin/python" scripts/setup.py "$backend" "$purpose"
printf '%s' "$state $(cut -d- -f1 "$venv/engine-build")" > "$stamp"
