#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

M='===ST-MERGED-CONTENT===ST-MERGED-CONTENT===ST-MERGED-CONTENT==='

# weighted DIR COEFF=TEXT... - a tensor of one dimension.
weighted() {
	local dir=$1 i=0 x
	shift
	for x; do
		[ "$x" = - ] || printf '%d\t%s\t%s\n' $i "${x%%=*}" "${x#*=}"
		i=$((i + 1))
	done | { printf 'coords\tcoeff\ttext\n'; cat; } |
		st-make -o "$dir" -s "[$#]" -
}

@test "st-merge: case 66: two frames, no newline at the end, the sum" {
	tensor t '[2]' x y
	run -0 st-merge -o m t
	same m
	printf '%s\n' $M 'index: 0' 'coefficient: 1.0' content: '' '  x' \
	    $M 'index: 1' 'coefficient: 1.0' content: '' >want
	printf '  y' >>want
	cmp want m/storage/0/data
	[ "$(st-cat m | cut -f 2 | tail -1)" = 2 ]
}

@test "st-merge: case 67: coefficients and their sum are bfloat16" {
	weighted t 1=a 0.3=b 1=c
	st-merge -o m t
	[ "$(st-get m '' | grep ^coeff | tail -2)" = "$(printf \
	    'coefficient: 0.30078125\ncoefficient: 1.0')" ]
	[ "$(st-cat m | cut -f 2 | tail -1)" = 2.296875 ]
	st-merge --exact -o e t
	st-get e '' | grep -qx 'coefficient: 0.3'
	[ "$(st-cat e | cut -f 2 | tail -1)" = 2.3 ]
}

@test "st-merge: case 68: absent and weightless elements have no frame" {
	weighted t - 0=no 1=b - 2=d
	st-merge -o m t
	[ "$(st-get m '' | grep ^index)" = "$(printf 'index: 2\nindex: 4')" ]
	[ "$(st-cat m | cut -f 2 | tail -1)" = 3 ]
	weighted u - 0=no
	st-merge -o n u
	[ "$(st-cat n | tail -1)" = "$(printf '\t0\t')" ]
	[ ! -e n/storage ]
}

@test "st-merge: case 72: the axis" {
	tensor t '[2, 3]' a b c d e f
	run -0 st-merge -o first -a 0 t
	[ "$(st-shape first)" = '[3]' ]
	[ "$(st-get first 1 | grep '^  ')" = "$(printf '  b\n  e')" ]
	for axis in '' '-a -1' '-a 1'; do
		rm -rf last
		# shellcheck disable=SC2086
		st-merge -o last $axis t
		[ "$(st-shape last)" = '[2]' ]
		[ "$(st-get last 1 | grep '^  ')" = "$(printf '  d\n  e\n  f')" ]
	done
	tensor u '[2]' a b
	st-merge -o s u
	[ "$(st-shape s)" = '[]' ]
	for axis in 5 2 -3; do
		run -2 --separate-stderr st-merge -a $axis -o r t
		[ "$stderr" = "st-merge: t: axis $axis is outside -2 to 1" ]
	done
	run -2 --separate-stderr st-merge -o r s
	[ "$stderr" = "st-merge: s: a scalar has no axis" ]
	[ ! -e r ]
}

@test "st-merge: more lines, and a length only where it is needed" {
	tensor t '[3]' "$(printf 'a\n\nb')" x "$(printf '  y\nz')"
	printf 'x\n' | st-set t 1
	st-merge -o m t
	run -0 st-get m ''
	same "$(printf '%s\n' $M 'index: 0' 'coefficient: 1.0' content: '' \
	    '  a' '  ' '  b' \
	    $M 'index: 1' 'coefficient: 1.0' 'bytes: 2' content: '' '  x' '  ' \
	    $M 'index: 2' 'coefficient: 1.0' content: '' '    y' '  z')"
}

@test "st-merge: an axis of no elements leaves absent ones" {
	tensor t '[2, 0]'
	st-merge -o m t
	[ "$(st-shape m)" = '[2]' ]
	[ ! -e m/storage ]
}

@test "st-merge: an element that cannot be read leaves nothing" {
	tensor t '[2]' x
	mkdir -p t/storage/1/data
	run -2 --separate-stderr st-merge -o r t
	[[ $stderr == "st-merge: t[1]: "* ]]
	[ "$(ls -A)" = t ]
}
