#!/bin/sh
# Wraps the frozen program as an AppImage. Not run yet: appimagetool and its runtime are fetched from
# a place that could not be reached where Snug is built.
#   make installers && packaging/appimage/make_appimage.sh VERSION
set -eu
cd "$(dirname "$0")/../.."
version=${1:?the version}
command -v appimagetool >/dev/null || {
    echo "error: appimagetool is not installed" >&2
    echo "Get it from https://github.com/AppImage/appimagetool/releases and try again." >&2
    exit 1
}
folder=build/installers/Snug.AppDir
rm -rf "$folder"
cp -a build/installers/snug "$folder"
ln -s usr/bin/snug "$folder/AppRun"
cp "$folder/usr/share/applications/chat.snug.Snug.desktop" "$folder/"
cp "$folder/usr/share/icons/hicolor/scalable/apps/chat.snug.Snug.svg" "$folder/"
ARCH=x86_64 VERSION=$version appimagetool "$folder" "dist/snug-$version-x86_64.AppImage"
