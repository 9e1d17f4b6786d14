#!/bin/sh
# Puts a developer's certificate, and the account for notarization, into a keychain of its own, as on
# a machine that is thrown away afterwards. Not run yet: it needs a Mac and these secrets:
#   MACOS_CERTIFICATE           the certificate with its key (.p12), in base64
#   MACOS_CERTIFICATE_PASSWORD  its password
#   NOTARY_APPLE_ID, NOTARY_TEAM_ID, NOTARY_PASSWORD  the account, with a password for programs
# Prints the lines that make_dmg.sh wants in its environment; nothing where there is no certificate.
set -eu
[ -n "${MACOS_CERTIFICATE:-}" ] || exit 0
keychain=$HOME/Library/Keychains/snug-signing.keychain-db
password=$(openssl rand -hex 16)
certificate=$(mktemp)
trap 'rm -f "$certificate"' EXIT
printf '%s' "$MACOS_CERTIFICATE" | base64 --decode > "$certificate"
{
    security create-keychain -p "$password" "$keychain"
    security set-keychain-settings -lut 7200 "$keychain"
    security unlock-keychain -p "$password" "$keychain"
    security import "$certificate" -f pkcs12 -k "$keychain" -T /usr/bin/codesign \
        -P "${MACOS_CERTIFICATE_PASSWORD:?its password}"
    security set-key-partition-list -S apple-tool:,apple: -k "$password" "$keychain"
    security list-keychains -d user -s "$keychain" login.keychain
    if [ -n "${NOTARY_APPLE_ID:-}" ]; then
        xcrun notarytool store-credentials snug --keychain "$keychain" --apple-id "$NOTARY_APPLE_ID" \
            --team-id "${NOTARY_TEAM_ID:?the team}" --password "${NOTARY_PASSWORD:?the password}"
    fi
} >&2
identity=$(security find-identity -v -p codesigning "$keychain" |
    sed -n 's/.*"\(Developer ID Application: .*\)"/\1/p' | head -n 1)
[ -n "$identity" ] || { echo "error: the certificate is not a Developer ID Application" >&2; exit 1; }
printf 'SIGNING_IDENTITY=%s\n' "$identity"
[ -z "${NOTARY_APPLE_ID:-}" ] || printf 'NOTARY_PROFILE=snug\nNOTARY_KEYCHAIN=%s\n' "$keychain"
