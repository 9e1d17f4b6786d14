#!/bin/sh
# Installs what trying the installers on clean machines takes; that needs root on Debian. Where there
# is neither, says what to do and ends with an error.
set -eu

packages="appstream desktop-file-utils libvulkan1 mmdebstrap qemu-user-static weston xvfb"
missing=
for package in $packages; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *'ok installed') ;;
        *) missing="$missing $package" ;;
    esac
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    printf '%s\n' \
        "error: the installers can't be tested here: that takes root on a Debian machine" \
        "Run 'make installers test-installers' on one, and commit the file packaging/proven." >&2
    exit 1
fi
[ -n "$missing" ] || exit 0
printf '==> Installing what the tests need:%s\n' "$missing"
apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >/dev/null
