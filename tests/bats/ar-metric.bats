#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# is WANT TEXT [SPEC]
is() {
	run -0 ar-metric -m "${3-val_bpb}" < <(printf '%b' "$2")
	same "$1"
}

# none WHY TEXT [SPEC]
none() {
	run -1 --separate-stderr ar-metric -m "${3-val_bpb}" < <(printf '%b' "$2")
	same ""
	[[ $stderr == *"$1"* ]]
}

@test "ar-metric: the three ways to say a number" {
	is 0.9979 'val_bpb:          0.997900\n'
	is 0.9979 'METRIC val_bpb=0.997900'
	is 0.9979 'val_bpb=0.9979\nnoise\n'
	is 12 'val_bpb: 12 files'
	is 0.5 'val_bpb:0.5\r\n'
	is 0.5 'step 1\rstep 2\rval_bpb: 0.5\n'
	is 3 'a b: 1\nx.*: 3\n' 'x.*'
}

@test "ar-metric: signs, fractions and exponents are whole" {
	is -0.5 'val_bpb: -0.5'
	is 0.93 'val_bpb: .93'
	is 1.2e-05 'val_bpb: 1.2e-05'
	is 12000 'val_bpb: +1.2E4'
	is 0.12345678901234568 'val_bpb: 0.12345678901234568'
}

@test "ar-metric: the last value counts, also when it is bad" {
	is 0.25 'val_bpb: 1\nval_bpb: 0.25\n'
	none 'not a finite number' 'val_bpb: 1\nval_bpb: nan\n'
	printf 'val_bpb: 1\n' >a && printf 'val_bpb: 2\n' >b
	run -0 ar-metric -m val_bpb a b
	same 2
}

@test "ar-metric: what looks like a number and is none" {
	for v in nan NaN inf -inf 0x10 1.2.3 12% 1e999 1e-400 1,5 -- - . e5 ''; do
		none 'not a finite number' "val_bpb: $v\n"
	done
}

@test "ar-metric: other names do not match" {
	none 'no line "val_bpb: NUMBER"' 'best_val_bpb: 0.5\nval_bpb2: 1\n'
	none 'no line' ' val_bpb: 1\nx val_bpb: 1\nVAL_BPB: 1\n'
	none 'no line' ''
	none 'no line' 'METRIC val_bpb: 1\n'
}

@test "ar-metric: an expression with one group" {
	is 7 '3 failed, 7 passed' 'p:higher:([0-9]+) passed'
	is 9 '7 passed\n9 passed' 'p:([0-9]+) passed'
	none 'no line matches' 'x' 'p:lower:([0-9]+) passed'
	none 'not a finite' 'a b' 'p:(a)'
}

@test "ar-metric: a bad specification or file is 2" {
	run -2 --separate-stderr ar-metric -m ''
	run -2 --separate-stderr ar-metric -m 'a b'
	run -2 --separate-stderr ar-metric -m 'a:lower:('
	run -2 --separate-stderr ar-metric -m 'a:lower:abc'
	[[ $stderr == *"no group"* ]]
	run -2 --separate-stderr ar-metric -m a none
	[[ $stderr == "ar-metric: none: No such file"* ]]
	run -2 --separate-stderr ar-metric
}

@test "ar-metric: NUL bytes and a missing last newline do no harm" {
	is 2 'x\0000val_bpb: 1\nval_bpb: 2'
	run -2 bash -c 'echo val_bpb: 1 | ar-metric -m val_bpb >/dev/full'
}
