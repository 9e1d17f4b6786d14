#!/bin/sh
# Installs Snug for one person, without root. Run by the self-extracting file, in its unpacked
# folder; `snug-uninstall`, which it leaves behind, takes away all of it but what the person made.
#   ./snug-….run                      installs below ~/.local
#   ./snug-….run -- --prefix DIR      installs below DIR
set -eu

prefix=${HOME:?}/.local
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=${2:?--prefix needs a folder}; shift 2 ;;
        *) printf 'error: unknown option %s\nOnly --prefix DIR is known.\n' "$1" >&2; exit 2 ;;
    esac
done

fail() { printf 'error: %s\n%s\n' "$1" "$2" >&2; exit 1; }

command -v xz >/dev/null 2>&1 || fail "the program xz is missing." "Install it (Debian: xz-utils)."
mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ] ||
    fail "$prefix can't be written." "Choose another folder: add  -- --prefix DIR  to the command."
prefix=$(cd "$prefix" && pwd)
needed=$(cat size)
free=$(df -Pk "$prefix" | awk 'NR==2 {print $4}')
[ "$free" -gt "$needed" ] ||
    fail "there are $((free / 1024)) MB free below $prefix, and Snug needs $((needed / 1024)) MB." \
        "Make room, or choose another folder: add  -- --prefix DIR  to the command."

program=$prefix/lib/snug
new=$program.new
trap 'rm -rf "$new"' EXIT
rm -rf "$new"
mkdir -p "$new" "$prefix/bin"
tar -xJf data.tar.xz -C "$new" --no-same-owner ||
    fail "Snug could not be unpacked." "See the reason above."
# The version before is there until this one is complete.
rm -rf "$program"
mv "$new/usr/lib/snug" "$program"
ln -sfn "$program/snug" "$prefix/bin/snug"

(cd "$new/usr/share" && find . -type f ! -path './doc/*') | while read -r file; do
    mkdir -p "$prefix/share/$(dirname "$file")"
    cp "$new/usr/share/$file" "$prefix/share/$file"
    printf '%s\n' "${file#./}"
done > "$program/installed-files"
# The menu of a desktop may not know ~/.local/bin. The path's own &, | and \ are no orders to sed.
command=$(printf '%s' "$prefix/bin/snug" | sed 's/[&|\\]/\\&/g')
sed -i "s|^Exec=snug|Exec=\"$command\"|" "$prefix/share/applications/chat.snug.Snug.desktop"

cat > "$prefix/bin/snug-uninstall" <<'END'
#!/bin/sh
# Takes Snug away. Chats, documents, settings and models stay where they are.
set -eu
prefix=$(cd "$(dirname "$0")/.." && pwd)
share=$prefix/share
refresh() { command -v "$1" >/dev/null 2>&1 && "$@" >/dev/null 2>&1 || :; }
while read -r file; do
    rm -f "$share/$file"
    printf '%s\n' "$(dirname "$file")"
done < "$prefix/lib/snug/installed-files" > "$prefix/lib/snug/folders"
refresh update-desktop-database "$share/applications"
refresh update-mime-database "$share/mime"
# What is left of these two is an index of nothing, where nobody else put anything in.
if [ -z "$(ls "$share/mime/packages" 2>/dev/null)" ]; then
    for index in XMLnamespaces aliases generic-icons globs globs2 icons magic mime.cache \
        subclasses treemagic types version; do rm -f "$share/mime/$index"; done
    rmdir "$share/mime/application" 2>/dev/null || :
fi
[ "$(ls "$share/applications" 2>/dev/null)" != mimeinfo.cache ] ||
    rm "$share/applications/mimeinfo.cache"
while read -r folder; do
    [ ! -d "$share/$folder" ] || (cd "$share" && rmdir -p --ignore-fail-on-non-empty "$folder")
done < "$prefix/lib/snug/folders"
rm -rf "$prefix/lib/snug"
rm -f "$prefix/bin/snug" "$prefix/bin/snug-uninstall"
for folder in lib bin share; do rmdir "$prefix/$folder" 2>/dev/null || :; done
echo "Snug is gone. What you made with it is still there."
END
chmod 755 "$prefix/bin/snug-uninstall"

refresh() { command -v "$1" >/dev/null 2>&1 && "$@" >/dev/null 2>&1 || :; }
refresh update-desktop-database "$prefix/share/applications"
refresh update-mime-database "$prefix/share/mime"
printf 'Snug is installed. Start it with:  %s\nTake it away with:  %s\n' \
    "$prefix/bin/snug" "$prefix/bin/snug-uninstall"

# A package names what it needs of the system; here it has to be looked for.
missing=$(find "$program/_internal/PySide6" -name '*.so*' -type f -print0 |
    LD_LIBRARY_PATH="$program/_internal" xargs -0 ldd 2>/dev/null |
    awk '/=> not found/ {print $1}' | sort -u)
if [ -n "$missing" ]; then
    printf '\nThe window needs libraries that this system does not have:\n%s\n' "$missing"
    printf 'Debian and Ubuntu have them in:\n  apt-get install %s\n' "$(cat needs)"
fi
