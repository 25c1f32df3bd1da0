#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

# diff_is A B LINE... - the only element's diff from A to B, without its two
# header lines; A and B are printf formats.
diff_is() {
	local a=$1 b=$2
	shift 2
	rm -rf a b d
	# shellcheck disable=SC2059
	printf "$a" | tensor_of a && printf "$b" | tensor_of b || return 1
	run -0 --separate-stderr st-diff -o d a b || return 1
	[ "$output$stderr" = d ] || return 1
	run -0 st-get d 0 || return 1
	same "$(printf '%s\n' '--- data' '+++ data' "$@")"
}

tensor_of() {
	mkdir -p "$1/storage/0" && printf '[1]' >"$1/shape" &&
		cat >"$1/storage/0/data"
}

# no_diff A B - an absent element, coefficient 0.
no_diff() {
	rm -rf a b d
	# shellcheck disable=SC2059
	printf "$1" | tensor_of a && printf "$2" | tensor_of b || return 1
	run -0 st-diff -o d a b || return 1
	[ ! -e d/storage ] || return 1
	run -0 st-cat -N d || return 1
	same $'0\t0\t'
}

@test "st-diff: case 33: a last newline is added before comparing" {
	diff_is a b '@@ -1 +1 @@' -a +b
	diff_is 'a\n' b '@@ -1 +1 @@' -a +b
	diff_is a 'b\n' '@@ -1 +1 @@' -a +b
}

@test "st-diff: case 34: only a last newline is no difference" {
	no_diff a 'a\n'
	no_diff 'a\nb\n' 'a\nb'
}

@test "st-diff: case 35: the empty text is one empty line" {
	diff_is '' x '@@ -1 +1 @@' - +x
	no_diff '' ''
	no_diff '' '\n'
}

@test "st-diff: case 36: lines around a change are context" {
	diff_is 'l1\nl2\nl3' 'l1\nX\nl3' '@@ -1,3 +1,3 @@' ' l1' -l2 +X ' l3'
}

# heads N SCRIPT - the @@ lines of the diff from the numbers 1 to N to what
# sed makes of them.
heads() {
	rm -rf a b d
	seq "$1" | tensor_of a && seq "$1" | sed "$2" | tensor_of b || return 1
	st-diff -o d a b >/dev/null && st-get d 0 | grep '^@@'
}

@test "st-diff: case 37: changes near to each other share a hunk" {
	[ "$(heads 10 '2s/$/x/; 9s/$/x/')" = '@@ -1,10 +1,10 @@' ]
	[ "$(heads 12 '2s/$/x/; 10s/$/x/')" = \
	    $'@@ -1,5 +1,5 @@\n@@ -7,6 +7,6 @@' ]
	[ "$(heads 12 '2s/$/x/; 9s/$/x/' | wc -l)" -eq 1 ]
}

@test "st-diff: case 38: line numbers after a deletion, an addition at the end" {
	[ "$(heads 20 '5d; $a end')" = $'@@ -2,7 +2,6 @@\n@@ -18,3 +17,4 @@' ]
}

@test "st-diff: case 39: of repeated lines the last is removed" {
	diff_is 'a\na\na' 'a\na' '@@ -1,3 +1,2 @@' ' a' ' a' -a
}

@test "st-diff: case 40: of repeated lines the last are added" {
	diff_is 'a\nb' 'a\nb\na\nb' '@@ -1,2 +1,4 @@' ' a' ' b' +a +b
}

@test "st-diff: case 41: lines that changed places move down" {
	diff_is 'a\nb\nc\nd' 'c\nd\na\nb' '@@ -1,4 +1,4 @@' -a -b ' c' ' d' +a +b
}

@test "st-diff: case 42: an absent element is a text without lines" {
	tensor a '[2]' one
	tensor b '[2]' one $'x\ny'
	run -0 st-diff -o d a b
	run -0 st-get d 1
	same $'--- data\n+++ data\n@@ -0,0 +1,2 @@\n+x\n+y'
	run -0 st-diff -o e b a
	run -0 st-get e 1
	same $'--- data\n+++ data\n@@ -1,2 +0,0 @@\n-x\n-y'
	run -0 st-cat -N e
	[[ $output == $'0\t0\t\n1\t1\t'* ]]
}

@test "st-diff: case 43: other shapes are an error that names both" {
	tensor a '[2]' x y
	tensor b '[2, 1]' x y
	fails_cleanly st-diff -o d a b
	[ "$status" -eq 2 ]
	[ "$stderr" = "st-diff: a has shape [2], b has [2, 1]" ]
	fails_cleanly st-diff -q a b
	[ "$status" -eq 2 ]
	[ ! -e d ]
}

@test "st-diff: case 44: CR and all other bytes are kept" {
	diff_is 'x\r\n' 'x\n' '@@ -1 +1 @@' $'-x\r' +x
	diff_is 'a\377b\n' 'a\376b\n' '@@ -1 +1 @@' $'-a\xffb' $'+a\xfeb'
	rm -rf a b d
	printf 'a\0b\n' | tensor_of a
	printf 'a\0c\n' | tensor_of b
	run -0 st-diff -o d a b
	printf -- '--- data\n+++ data\n@@ -1 +1 @@\n-a\0b\n+a\0c\n' |
		cmp - d/storage/0/data
}

@test "st-diff: the same as diff -u, with labels, on real text" {
	sed 's/  */ /g' "$ROOT/lib/st/st.h" >x
	sed '20,30d; 50s/$/ more/; 80i new\nlines' "$ROOT/lib/st/st.h" >y
	tensor_of a <x
	tensor_of b <y
	run -0 st-diff -l 'old name,new' -o d a b
	diff -u --label 'old name' --label new x y >want || :
	cmp want d/storage/0/data
	for bad in one a,b,c $'a\n,b'; do
		fails_cleanly st-diff -l "$bad" -o e a b
		[ "$status" -eq 2 ]
	done
	[ ! -e e ]
}

@test "st-diff: -q makes nothing and says 0 or 1" {
	tensor a '[3]' x y z
	tensor b '[3]' x $'y\n' z
	tensor c '[3]' x y Z
	run -0 --separate-stderr st-diff -q a b
	[ -z "$output$stderr" ]
	run -1 --separate-stderr st-diff -q a c
	[ -z "$output$stderr" ]
	[ "$(ls)" = $'a\nb\nc' ]
}

@test "st-diff: -p prints what st-cat would print of the tensor" {
	tensor a '[2, 11]' a $'b\t\\' c
	tensor b '[2, 11]' A $'b\t/' c
	echo x | st-set b 1,10
	st-diff -o d a b
	run -0 --separate-stderr st-diff -p a b
	[ -z "$stderr" ]
	same "$(st-cat -p d)"
	run -0 st-diff -pj a b
	same "$(st-cat -pj d)"
	run -0 st-diff -Np a a
	same ""
	run -0 bash -c "st-diff -p a b | st-make -s '[2, 11]' -o e -"
	run -0 st-diff -q d e
	printf 'a\0' >a/storage/2/data
	run -2 --separate-stderr st-diff -p a b
	[ "$stderr" = "st-diff: a[0,2]: a NUL byte, which no table can hold" ]
	for args in "-pq a b" "-po x a b" "-j a b" "-N a b"; do
		# shellcheck disable=SC2086
		fails_cleanly st-diff $args
	done
}

@test "st-diff: --store packs the diffs, and reads packed tensors" {
	tensor a '[2, 6]' a b c d e f g h i j k l
	tensor b '[2, 6]' A b c d e f g h i j K L
	st-diff -o d a b
	st-pack --store a
	run -0 st-diff --store -o e a b
	same e
	[ -e e/store ] && [ ! -e e/storage ]
	run -0 st-diff -q d e
	[ "$(st-cat e)" = "$(st-cat d)" ]
	run -0 st-patch -N a e
	same $'3\t0\t0\t9\t0'
	run -0 st-diff -q a b
	fails_cleanly st-diff --store -p a b
}

@test "st-diff: a fresh name, and nothing left of a failure" {
	tensor a '[12]' 0 1 2 3 4 5 6 7 8 9 10 11
	tensor b '[12]' 0 1 2 3 4 5 6 7 8 9 X Y
	run -0 st-diff a b
	[[ $output =~ ^[0-9a-f]{8}-[0-9a-f-]{27}$ ]]
	[ "$(cut -f 1 <(st-cat -p "$output"))" = $'coords\n10\n11' ]
	mkdir b/storage/1/1/x
	rm b/storage/1/1/data
	mkdir b/storage/1/1/data
	fails_cleanly st-diff -o d a b
	[ "$status" -eq 2 ]
	[[ $stderr == "st-diff: b[11]: "* ]]
	[ ! -e d ]
	[ -z "$(find . -name '.*.new.*')" ]
	mkdir full
	touch full/x
	fails_cleanly st-diff -o full a a
	fails_cleanly st-diff a
	fails_cleanly st-diff -qo d a b
	[ "$(ls full)" = x ]
}

@test "st-diff: no elements, no differences" {
	tensor a '[0]'
	tensor b '[0]'
	run -0 st-diff -o d a b
	[ "$(cat d/shape)" = '[0]' ]
	run -0 st-diff -q a b
}
