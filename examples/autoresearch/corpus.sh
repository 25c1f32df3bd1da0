#!/bin/sh
# corpus.sh [-c FILE] DIR - make DIR/train.txt and DIR/val.txt, once.
#
# The text is Debian's perl-doc: every *.pod in the order of LC_ALL=C, taken
# from the installed package or fetched through apt, which checks it. Where
# neither works it is text that this machine already has. -c takes FILE
# instead. The last 262144 bytes, or a sixteenth of a small text, are val.txt;
# once it is there it is never made again.
set -eu

val_bytes=262144
enough=9000000 # of whatever text is at hand
least=65536
file=
if [ "${1-}" = -c ]; then
	file=${2-}
	shift 2
fi
[ $# -eq 1 ] || { echo 'usage: corpus.sh [-c FILE] DIR' >&2; exit 2; }
dir=$1

say() { echo "corpus: $*" >&2; }

[ ! -s "$dir/val.txt" ] || exit 0
mkdir -p "$dir"
tmp=$(mktemp -d "$(cd "$dir" && pwd)/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# pods DIR - all *.pod below DIR, one after the other
pods() {
	find "$1" -type f -name '*.pod' -print0 | LC_ALL=C sort -z | xargs -0r cat
}

installed() {
	dpkg -L perl-doc 2>/dev/null | grep '\.pod$' | LC_ALL=C sort |
	    while read -r f; do [ ! -f "$f" ] || cat "$f"; done
}

# Package lists of our own, for a machine that never fetched any; needs no root.
private_lists() {
	mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial"
	set -- -o "Dir::State::Lists=$tmp/apt/lists" -o "Dir::Cache=$tmp/apt/cache"
	timeout 60 apt-get $limits "$@" update &&
	    (cd "$tmp/deb" && timeout 60 apt-get $limits "$@" download perl-doc)
}

fetch() {
	limits='-q -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10
	    -o Acquire::Retries=1 -o APT::Sandbox::User=root'
	[ "$(id -u)" -eq 0 ] || limits=${limits% -o APT*}
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
	mkdir -p "$tmp/deb"
	{ (cd "$tmp/deb" && timeout 60 apt-get $limits download perl-doc) ||
	    private_lists; } >"$tmp/apt.log" 2>&1 || return 1
	dpkg -x "$tmp"/deb/perl-doc_*.deb "$tmp/x"
}

# Manuals, Perl's documentation, licences, read-mes: the best first.
at_hand() {
	for d in /usr/share/man/man[1-8] /usr/share/perl /usr/share/perl5 \
	    /usr/share/info /usr/share/common-licenses /usr/share/doc; do
		[ -d "$d" ] || continue
		find "$d" -type f \( -path '*/man/*' -o -name '*.pod' \
		    -o -name '*.pm' -o -path '*/info/*.gz' \
		    -o -path '*licenses/*' -o -path '*/doc/*.txt*' \
		    -o -name 'README*' -o -name 'changelog*' \
		    -o -name copyright \) -print0 |
		    LC_ALL=C sort -z | xargs -0r zcat -f 2>/dev/null
	done | head -c "$enough"
}

has_text() { [ -s "$tmp/full" ] && [ "$(wc -c <"$tmp/full")" -ge $least ]; }

if [ -n "$file" ]; then
	cat "$file" >"$tmp/full"
	from=$file
elif installed >"$tmp/full" && has_text; then
	from='the installed perl-doc'
else
	say "fetching perl-doc with apt-get"
	if fetch && pods "$tmp/x" >"$tmp/full" && has_text; then
		from="perl-doc, fetched with apt-get"
	else
		say "could not fetch perl-doc; taking text that this machine has"
		at_hand >"$tmp/full" || :
		from='manuals and documentation of this machine'
	fi
fi
bytes=$(wc -c <"$tmp/full")
if [ "$bytes" -lt $least ]; then
	say "only $bytes bytes of text, $least are needed; give some with -c FILE"
	exit 2
fi
[ $((bytes / 16)) -ge $val_bytes ] || val_bytes=$((bytes / 16))
tail -c "$val_bytes" "$tmp/full" >"$tmp/val.txt"
head -c "-$val_bytes" "$tmp/full" >"$tmp/train.txt"
mv "$tmp/train.txt" "$dir/train.txt"
mv "$tmp/val.txt" "$dir/val.txt" # last: it says that the split is made
say "$bytes bytes of text from $from; the last $val_bytes are for measuring"
