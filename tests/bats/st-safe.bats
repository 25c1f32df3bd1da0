#!/usr/bin/env bats
# What must never happen to tensors: writes that leave the store, reads that
# leave it unasked, tools that hang, texts that are lost.
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/store" "$BATS_TEST_TMPDIR/other"
	cd "$BATS_TEST_TMPDIR/store" || exit
	echo secret >../other/file
}

# view V SHAPE TARGET... - a tensor of links.
view() {
	local v=$1 i=0
	tensor "$v" "$2"
	shift 2
	for to; do
		mkdir -p "$v/storage/$i"
		ln -s "$to" "$v/storage/$i/data"
		i=$((i + 1))
	done
}

@test "st: case 25: writing through a view changes the parent, a copy does not" {
	tensor t '[3]' a b c
	view v '[2]' ../../../t/storage/2/data ../../../t/storage/0/data
	st-copy -o w v
	printf new | st-set v 0
	run -0 st-get t 2
	same new
	[ -L v/storage/0/data ]
	[ ! -L t/storage/2/data ]
	run -0 st-get w 0
	same c
	printf other | st-set w 1
	run -0 st-get t 0
	same a
	# a view of the view: to the end of the chain
	view x '[1]' ../../../v/storage/0/data
	printf newer | st-set x 0
	run -0 st-get t 2
	same newer
	[ -L v/storage/0/data ]
	[ -z "$(find . -name '.data*')" ]
}

@test "st: case 26: writing through a view of nothing makes the parent's element" {
	st-make -o t -s '[12]'
	view v '[2]' ../../../t/storage/1/1/data ../../../t/storage/3/data
	run -1 st-get -q v 0
	printf x | st-set -c 0.5 v 0
	[ "$(cat t/storage/1/1/data)" = x ]
	run -0 st-get -c t 11
	same 1
	# where the parent says 0, it gets the coefficient, too
	printf y | st-set t 3
	st-set -d t 3
	printf z | st-set -c 0.25 v 1
	run -0 st-get -c t 3
	same 0.25
	printf zz | st-set -c 0.75 v 1
	run -0 st-cat -Np t
	same $'3\t0.25\tzz\n11\t1\tx'
	run -0 st-cat -N v
	same $'0\t0.5\tx\n1\t0.75\tzz'
}

@test "st: deleting in a view removes the link alone" {
	tensor t '[1]' a
	view v '[1]' ../../../t/storage/0/data
	st-set -d v 0
	[ ! -e v/storage/0/data ] && [ ! -L v/storage/0/data ]
	run -0 st-get t 0
	same a
}

@test "st: links that leave the store are read with --follow, never written" {
	view v '[3]' ../../../../other/file "$BATS_TEST_TMPDIR/other/file" \
	    ../../../../store/../other/file
	for k in 0 1 2; do
		fails_cleanly st-get v $k
		[ "$status" -eq 2 ]
		[[ $stderr == "st-get: v[$k]: a link that leaves the store, which --follow reads" ]]
		run -0 st-get -f v $k
		same secret
		fails_cleanly st-set v $k <<<bad
		[ "$stderr" = "st-set: v[$k]: a link that leaves the store" ]
	done
	run -2 --separate-stderr st-cat -N v
	same ''
	run -0 st-cat -fN v
	[ "${#lines[@]}" -eq 3 ]
	fails_cleanly st-copy -o w v
	[ ! -e w ]
	run -0 st-copy -f -o w v
	run -0 st-get w 0
	same secret
	[ "$(cat ../other/file)" = secret ]
	[ "$(ls -A ../other)" = file ]
}

@test "st: directories that are links are never gone through" {
	mkdir -p ../other/1
	echo secret >../other/1/data
	tensor t '[20]' a
	ln -s ../../../other t/storage/1
	tensor u '[1]'
	ln -s ../../other u/storage
	for at in 't 1' 't 11' 'u 0'; do
		# shellcheck disable=SC2086
		fails_cleanly st-set $at <<<bad
		[ "$status" -eq 2 ]
		[[ $stderr == *": a link in the place of a directory" ]]
	done
	[ "$(cd ../other && find . | sort | tr '\n' ' ')" = '. ./1 ./1/data ./file ' ]
	[ "$(cat ../other/1/data)" = secret ]
	fails_cleanly st-get t 11
	ln -sf ../../other/file t/coeff
	fails_cleanly st-set -c 0.5 t 0 <<<bad
	fails_cleanly st-get -c t 0
	rm t/coeff
	ln -sf ../../other/file t/.lock
	fails_cleanly st-set t 0 <<<bad
	[ "$(cat ../other/file)" = secret ]
	run -0 st-get t 0
	same a
}

@test "st: loops, directories, FIFOs and devices are named, not waited for" {
	view t '[6]' data ../2/data ../1/data
	mkdir -p t/storage/3/data t/storage/4 t/storage/5
	mkfifo t/storage/4/data
	ln -s /dev/zero t/storage/5/data
	for k in 0 1 2; do
		fails_cleanly timeout 5 st-get t $k
		[ "$stderr" = "st-get: t[$k]: a loop of links" ]
		fails_cleanly timeout 5 st-set t $k <<<x
		[ "$stderr" = "st-set: t[$k]: a loop of links" ]
	done
	for k in 3 4; do
		fails_cleanly timeout 5 st-get t $k
		[ "$stderr" = "st-get: t[$k]: not a regular file" ]
		fails_cleanly timeout 5 st-set t $k <<<x
		[ "$stderr" = "st-set: t[$k]: not a regular file" ]
	done
	fails_cleanly timeout 5 st-get -f t 5
	[ "$stderr" = "st-get: t[5]: not a regular file" ]
	[ -d t/storage/3/data ] && [ -p t/storage/4/data ]
	run -2 --separate-stderr timeout 5 st-list -N t
	same ''
	mkdir u
	mkfifo u/shape
	fails_cleanly timeout 5 st-shape u
	tensor w '[1]' a
	mkfifo w/coeff
	fails_cleanly timeout 5 st-get -c w 0
	fails_cleanly timeout 5 st-set w 0 <<<x
	run -0 st-get w 0
	same a
}

@test "st: records of coefficients that are no numbers name the element" {
	tensor t '[2, 2]' a b c d
	printf '%-15s\n' 1 nan ' 1' 1.0x >t/coeff
	run -0 st-get -c t 0,0
	same 1
	for at in 0,1 1,0 1,1; do
		fails_cleanly st-get -c t $at
		[ "$stderr" = "st-get: t[$at]: its record in coeff is not a number" ]
		fails_cleanly st-set t $at <<<new
		[ "$status" -eq 2 ]
	done
	run -0 st-get t 1,1
	same d
	run -2 --separate-stderr st-cat -N t
	same $'0,0\t1\ta'
	printf '0.5            \n1        ' >t/coeff
	run -0 st-get -c t 0,0
	fails_cleanly st-get -c t 0,1
	[ "$stderr" = "st-get: t[0,1]: its record in coeff is not a number" ]
	run -0 st-get -c t 1,0
	same 1
	{ printf '0.5            \n'; head -c 16 /dev/zero; } >t/coeff
	run -0 st-get -c t 0,1
	same 1
}

@test "st: a full disk leaves the old text" {
	tensor t '[2]' old
	tensor p '[2]' old
	st-pack --store p
	size=$(stat -c %s p/store)
	seq 10000 >big
	full() { # COMMAND... - no file may grow beyond 8 KiB
		bash -c 'trap "" XFSZ; ulimit -f 8; "$@"' - "$@"
	}
	for x in t p; do
		for k in 0 1; do
			fails_cleanly full st-set -c 0.5 $x $k <big
			[ "$status" -eq 2 ]
			[[ $stderr == "st-set: ${x}[$k]: "* ]]
		done
		run -0 st-cat -N $x
		same $'0\t1\told\n1\t0\t'
	done
	[ "$(stat -c %s p/store)" -eq "$size" ]
	[ -z "$(find . -name '.data*')" ]
	fails_cleanly full st-make -o new -f big big
	fails_cleanly full st-make --store -o new -f big big
	run -0 ls -A
	same $'big\np\nt'
}

@test "st: where nothing may be written, nothing is" {
	[ "$(id -u)" -ne 0 ] || skip "root may write everywhere"
	tensor t '[1]' a
	chmod -R a-w t
	fails_cleanly st-set t 0 <<<new
	[ "$status" -eq 2 ]
	fails_cleanly st-make -o t/u a
	run -0 st-get t 0
	same a
	chmod -R u+w t
}

@test "st: names with newlines and blanks work, and travel by -0" {
	name=$'a\nb c'
	run -0 st-make -o "$name" x
	printf y | st-set "$name" 0
	run -0 st-get "$name" 0
	same y
	run -0 bash -c 'printf "%s\0" "$1" | st-shape -0' - "$name"
	same '[1]'
	run -0 st-list -N "$name"
	same $'a\\nb c\t0\t0\t1\t1\tfile\ta\\nb c/storage/0/data'
	cd "$name"
	run -0 st-get . 0
	same y
	printf z | st-set . 0
	run -0 st-cat -N .
	same $'0\t1\tz'
}

@test "st: two writers on one element leave one of the texts, whole" {
	st-make -o t ''
	view v '[1]' ../../../t/storage/0/data
	for w in t v; do
		for n in 1 2 3 4 5 6 7 8; do
			echo "$w $n" | st-set "$w" 0 || echo failed
		done >log.$w 2>&1 &
	done
	wait
	[ -z "$(cat log.*)" ]
	run -0 st-get t 0
	[[ $output == [tv]\ 8 ]]
	[ -z "$(find . -name '.data*')" ]
}
