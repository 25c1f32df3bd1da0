#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# A tensor of 130 elements, some absent, some empty, with coefficients.
sample() {
	perl -e 'print "coords\tcoeff\ttext\n"; for $i (0 .. 129) {
	    $i % 7 == 3 ? next : print "$i\t", $i % 5 + 1, "\t",
	    $i % 11 ? "text $i\\n" x ($i % 4) : "", "\n" }' >in
	st-make -o t -s '[130]' - <in
	st-cat t >want
}

@test "st-pack --store: --store and --unstore change no element" {
	sample
	run -0 --separate-stderr st-pack --store t
	[ -z "$output$stderr" ]
	[ "$(cd t && ls -A | tr '\n' ' ')" = '.lock coeff shape store ' ]
	run -0 cmp <(st-cat t) want
	run -0 st-get t 127
	run -1 st-get -q t 3
	st-pack --unstore <<<t
	[ ! -e t/store ]
	run -0 cmp <(st-cat t) want
	[ "$(head -n 1 t/storage/1/2/7/data)" = "text 127" ]
	[ "$(cd t && ls -A | tr "\n" " ")" = ".lock coeff shape storage " ]
	run -0 st-pack --unstore t
	run -0 cmp <(st-cat t) want
}

@test "st-pack --store: what is made packed is the same" {
	sample
	st-make --store -o u -s '[130]' - <in
	[ -f u/store ]
	run -0 cmp <(st-cat u) want
	sort -r in | grep coords >in2
	sort -r in | grep -v coords >>in2
	st-make --store -o v -s '[130]' - <in2
	run -0 cmp <(st-cat v) want
	fails_cleanly st-make --store -o w - <<<$'coords\ttext\n0\ta\n0\tb'
	[ "$stderr" = "st-make: w[0]: given twice" ]
	run -0 st-copy -o x u
	run -0 cmp <(st-cat x) want
}

@test "st-pack --store: packed elements are read, listed, changed and removed" {
	sample
	st-pack --store t
	echo new | st-set -c 0.5 t 3
	printf '' | st-set t 4
	st-set -d t 5
	run -0 st-cat -N t
	[ "${lines[3]}" = $'3\t0.5\tnew\\n' ]
	[ "${lines[4]}" = $'4\t1\t' ]
	[ "${lines[5]}" = $'5\t0\t' ]
	run -0 st-list t
	[ "${lines[4]}" = $'t\t3\t3\t4\t0.5\tpacked\t' ]
	[ "${lines[6]}" = $'t\t5\t5\t\t0\tnone\tt/storage/5/data' ]
	before=$(stat -c %s t/store)
	st-pack --store t
	[ "$(stat -c %s t/store)" -lt "$before" ]
	run -0 st-get t 3
	same new
}

@test "st-pack --store: links are not packed, and lead to packed elements" {
	tensor t '[3]' a b c
	tensor v '[2]'
	mkdir -p v/storage/0 v/storage/1
	ln -s ../../../t/storage/2/data v/storage/0/data
	ln -s ../../../t/storage/0/data v/storage/1/data
	fails_cleanly st-pack --store v
	[ "$stderr" = "st-pack: v[0]: a link: pack a copy of the tensor" ]
	[ "$(ls -A v | tr '\n' ' ')" = '.lock shape storage ' ]
	st-pack --store t
	run -0 st-cat -N v
	same $'0\t1\tc\n1\t1\ta'
	printf C | st-set v 0
	run -0 st-get t 2
	same C
	st-set -d t 0
	run -1 st-get -q v 1
	run -0 bash -c 'st-list -N v | cut -f 4,6'
	same $'1\tlink\n\tdangling'
	[ ! -e t/storage ]
	run -0 st-copy -o w v
	run -0 st-pack --store w
}

@test "st-pack --store: a damaged store is found, the element named" {
	sample
	st-pack --store t
	cp -r t u
	printf X | dd of=u/store bs=1 seek=$((4096 + 32 * 6)) conv=notrunc 2>/dev/null
	fails_cleanly st-get u 6
	[ "$stderr" = "st-get: u[6]: its record in store is damaged" ]
	run -0 st-get u 7
	cp t/store u/store
	printf X | dd of=u/store bs=1 seek=$(($(stat -c %s t/store) - 2)) conv=notrunc 2>/dev/null
	fails_cleanly st-get u 127
	[ "$stderr" = "st-get: u[127]: its data in store are damaged" ]
	truncate -s -3 u/store
	fails_cleanly st-get u 127
	truncate -s 5000 u/store
	fails_cleanly st-get u 0
	[ "$stderr" = "st-get: u: store was cut short" ]
	cp t/store u/store
	echo '[131]' >u/shape
	fails_cleanly st-get u 0
	[ "$stderr" = "st-get: u: store does not belong to this shape" ]
	sed '1s/store 1/store 2/' t/store >u/store
	fails_cleanly st-get u 0
	[ "$stderr" = "st-get: u: store has a newer version than 1" ]
	rm u/store
	mkfifo u/store
	fails_cleanly st-get u 0
	echo text >u/x
	rm u/store
	cp u/x u/store
	fails_cleanly st-set u 0 <<<new
	[ "$stderr" = "st-set: u: store is not a packed tensor" ]
	[ "$(cat u/store)" = text ]
}

@test "st-pack --store: leftovers of a crash are ignored, then removed" {
	tensor t '[2]' a b
	tensor u '[2]' old older
	st-pack --store t
	cp -r u/storage t/storage
	run -0 st-cat -N t
	same $'0\t1\ta\n1\t1\tb'
	st-pack --store t
	[ ! -e t/storage ]
	cp -r u/storage t/storage
	st-pack --unstore t
	run -0 st-cat -N t
	same $'0\t1\ta\n1\t1\tb'
}

@test "st-pack --store: writers and packers at once lose nothing" {
	tensor t '[40]'
	for w in 0 1; do
		for i in $(seq "$w" 2 39); do
			echo "$i" | st-set t "$i" || echo "failed $i"
		done >log$w 2>&1 &
	done
	for i in 1 2 3 4 5 6 7 8; do
		st-pack --store t
		st-pack --unstore t
	done
	wait
	cat log0 log1 >log
	[ ! -s log ]
	run -0 cmp <(st-cat -N t) <(seq 0 39 | sed 's/.*/&\t1\t&\\n/')
}

@test "st-pack --store: wrong calls" {
	tensor t '[1]' a
	fails_cleanly st-pack --store --unstore t
	fails_cleanly st-pack --store nosuch
	[ "$status" -eq 2 ]
}
