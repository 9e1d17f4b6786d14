#!/bin/sh
# Signs, notarizes and wraps Snug.app. Not run yet: it needs a Mac and a developer's certificate.
#   make_dmg.sh VERSION NAME
# SIGNING_IDENTITY, and NOTARY_PROFILE (of `xcrun notarytool store-credentials`), come from the
# environment; without them the image is made unsigned, and macOS will say so.
set -eu
cd "$(dirname "$0")/../.."
version=${1:?the version}
name=${2:-snug}
app=build/installers/dist/Snug.app
image=dist/$name-$version-macos-$(uname -m).dmg

if [ -n "${SIGNING_IDENTITY:-}" ]; then
    # From the inside out: a signature covers what lies within.
    find "$app/Contents" -type f \( -name '*.so' -o -name '*.dylib' \) -print0 |
        xargs -0 codesign --force --timestamp --options runtime --sign "$SIGNING_IDENTITY"
    codesign --force --timestamp --options runtime --sign "$SIGNING_IDENTITY" \
        --entitlements packaging/macos/entitlements.plist "$app"
    codesign --verify --deep --strict "$app"
fi

mkdir -p dist
staging=$(mktemp -d)
cp -R "$app" "$staging/"
ln -s /Applications "$staging/Applications"
hdiutil create -volname Snug -srcfolder "$staging" -ov -format ULFO "$image"
rm -rf "$staging"

if [ -n "${SIGNING_IDENTITY:-}" ] && [ -n "${NOTARY_PROFILE:-}" ]; then
    codesign --timestamp --sign "$SIGNING_IDENTITY" "$image"
    xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
fi
echo "$image"
