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

mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ] ||
    fail "$prefix can't be written." "Choose another folder: add  -- --prefix DIR  to the command."
prefix=$(cd "$prefix" && pwd)
needed=$(du -sk usr | cut -f1)
free=$(df -Pk "$prefix" | awk 'NR==2 {print $4}')
[ "$free" -gt "$needed" ] ||
    fail "there are $((free / 1024)) MB free below $prefix, and Snug needs $((needed / 1024)) MB." \
        "Make room, or choose another folder: add  -- --prefix DIR  to the command."

program=$prefix/lib/snug
new=$program.new
rm -rf "$new"
mkdir -p "$prefix/lib" "$prefix/bin"
cp -a usr/lib/snug "$new" || { rm -rf "$new"; fail "Snug could not be copied." "See the reason above."; }
rm -rf "$program"
mv "$new" "$program"
ln -sfn "$program/snug" "$prefix/bin/snug"

(cd usr/share && find . -type f ! -path './doc/*') | while read -r file; do
    mkdir -p "$prefix/share/$(dirname "$file")"
    cp "usr/share/$file" "$prefix/share/$file"
    printf '%s\n' "$file"
done > "$program/installed-files"
# The menu of a desktop may not know ~/.local/bin.
sed -i "s|^Exec=snug|Exec=\"$prefix/bin/snug\"|" "$prefix/share/applications/chat.snug.Snug.desktop"

cat > "$prefix/bin/snug-uninstall" <<'END'
#!/bin/sh
# Takes Snug away. Chats, documents, settings and models stay where they are.
set -eu
prefix=$(cd "$(dirname "$0")/.." && pwd)
while read -r file; do
    rm -f "$prefix/share/$file"
    rmdir -p --ignore-fail-on-non-empty "$prefix/share/$(dirname "$file")" 2>/dev/null || :
done < "$prefix/lib/snug/installed-files"
rm -rf "$prefix/lib/snug"
rm -f "$prefix/bin/snug" "$prefix/bin/snug-uninstall"
for folder in lib bin; do rmdir "$prefix/$folder" 2>/dev/null || :; done
refresh() { command -v "$1" >/dev/null 2>&1 && "$@" >/dev/null 2>&1 || :; }
refresh update-desktop-database "$prefix/share/applications"
refresh update-mime-database "$prefix/share/mime"
echo "Snug is gone. What you made with it is still there."
END
chmod 755 "$prefix/bin/snug-uninstall"

refresh() { command -v "$1" >/dev/null 2>&1 && "$@" >/dev/null 2>&1 || :; }
refresh update-desktop-database "$prefix/share/applications"
refresh update-mime-database "$prefix/share/mime"
printf 'Snug is installed. Start it with:  %s\nTake it away with:  %s\n' \
    "$prefix/bin/snug" "$prefix/bin/snug-uninstall"
