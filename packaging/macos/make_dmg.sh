#!/bin/sh
# Signs, notarizes and wraps Snug.app, with the embedded model and without it. Not run yet: it needs
# a Mac, and a developer's certificate for more than a signature of its own.
#   make_dmg.sh VERSION
# SIGNING_IDENTITY, NOTARY_PROFILE and NOTARY_KEYCHAIN come from the environment (prepare_signing.sh makes them);
# without an identity macOS asks each person whether they trust the program.
set -eu
cd "$(dirname "$0")/../.."
version=${1:?the version}
app=build/installers/dist/Snug.app
python=${PYTHON:-python3}
identity=${SIGNING_IDENTITY:--}
entitlements=packaging/macos/entitlements.plist

sign_app() {
    # From the inside out, since a signature covers what lies within. "-" is a signature without a
    # name: a processor of Apple's runs nothing that has none.
    set -- --force --sign "$identity"
    [ "$identity" = - ] || set -- "$@" --timestamp --options runtime
    find "$app/Contents" -type f \( -name '*.so' -o -name '*.dylib' \) -print0 |
        xargs -0 codesign "$@"
    codesign "$@" --entitlements "$entitlements" "$app"
    codesign --verify --deep --strict "$app"
}

wrap() {
    image=dist/$1-$version-macos-$(uname -m).dmg
    staging=$(mktemp -d)
    cp -R "$app" "$staging/"
    ln -s /Applications "$staging/Applications"
    hdiutil create -volname Snug -srcfolder "$staging" -ov -format ULFO "$image"
    rm -rf "$staging"
    if [ "$identity" != - ]; then
        codesign --timestamp --sign "$identity" "$image"
    fi
    if [ -n "${NOTARY_PROFILE:-}" ]; then
        xcrun notarytool submit "$image" --wait --keychain-profile "$NOTARY_PROFILE" \
            ${NOTARY_KEYCHAIN:+--keychain "$NOTARY_KEYCHAIN"}
        xcrun stapler staple "$image"
    fi
    printf '%s\n' "$image"
}

mkdir -p dist
"$python" packaging/add_model.py "$app"
sign_app
wrap snug
"$python" packaging/add_model.py --remove "$app"
sign_app
wrap snug-lite
