#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	head='commit\tval_bpb\tmemory_gb\tstatus\tdescription\n'
	printf "$head"'%s\t%s\t0.0\t%s\t%s\n' a1 2.500000 keep baseline \
	    a2 2.400000 keep 'lr 1 -> 2: raising lr won' \
	    a3 2.450000 discard worse a4 0.000000 crash boom \
	    a5 9.000000 discard 'far away' a6 2.300000 keep best >r.tsv
}

@test "ar-plot: text, with counts, steps, kept, discarded, crashed, far" {
	run -0 --separate-stderr ar-plot r.tsv
	[ -z "$stderr" ]
	[[ $output == *"6 experiments, 3 kept; val_bpb 2.5 -> 2.3 (-8.00 %)"* ]]
	[[ $output == *"O kept   . discarded   ^ off scale   x crashed"* ]]
	[ "${#lines[@]}" -ge 20 ]
	[ "$(grep -o O <<<"$output" | wc -l)" -eq 4 ] # and the legend
	[ "$(grep -o x <<<"$output" | wc -l)" -ge 2 ]
	[ "$(grep -o '\^' <<<"$output" | wc -l)" -eq 2 ]
	[ "$(wc -L <<<"$output")" -le 79 ]
	# the best so far goes down: its first step is at the top
	[ "$(grep -n 'O' <<<"$output" | sed -n 1p | cut -d: -f1)" -lt 8 ]
	run ! grep -q ' $' <<<"$output"
}

@test "ar-plot: reads standard input; --size; greater may be better" {
	run -0 ar-plot --size 50x12 <r.tsv
	[ "$(wc -L <<<"$output")" -le 50 ]
	[ "${#lines[@]}" -le 12 ]
	printf "$head"'a\t1\t0\tkeep\tx\nb\t2\t0\tkeep\ty\nc\t0.1\t0\tdiscard\t\n' \
	    >up.tsv
	run -0 ar-plot --higher --size 70x14 up.tsv
	[[ $output == *"v off scale"* ]]
	[ "$(grep -n O <<<"$output" | head -1 | cut -d: -f1)" -lt 6 ]
	run -0 ar-plot r.tsv up.tsv
	[[ $output == *"r.tsv: 6 exp"*"up.tsv: 3 exp"* ]]
}

@test "ar-plot: writes SVG with labels, and PNG, whole" {
	run -0 ar-plot -o p.svg r.tsv
	same ""
	grep -q '<svg' p.svg
	grep -q '>lr 1 -> 2<' p.svg
	run ! grep -q 'raising lr' p.svg
	grep -q 'val_bpb 2.5 -> 2.3 (-8.00 %)' p.svg
	run -0 ar-plot -o p.png <r.tsv
	[ "$(head -c 8 p.png | od -An -tx1)" = " 89 50 4e 47 0d 0a 1a 0a" ]
	[ "$(ls)" = $'p.png\np.svg\nr.tsv' ]
}

@test "ar-plot: a description is never a program" {
	{
		printf "$head"
		printf 'a\t2\t0\tkeep\t`touch pwned1` $(touch pwned2) @x #y\n'
		printf 'b\t1.9\t0\tkeep\t"; system("touch pwned3"); "\n'
		printf 'c\t1.8\t0\tkeep\tEOD\n'
		printf 'd\t1.7\t0\tkeep\t<script>{/Bold x}_2\n'
		printf 'e\t1.6\t0\tkeep\t\xff\x1b[31mred\\n\\tgr\xc3\xb6n\n'
	} >evil.tsv
	run -0 --separate-stderr ar-plot evil.tsv
	[ -z "$stderr" ]
	run -0 --separate-stderr ar-plot -o evil.svg evil.tsv
	[ -z "$stderr" ]
	[ "$(ls -d [!s]*)" = $'evil.svg\nevil.tsv\nr.tsv' ]
	run ! grep -q '<script' evil.svg
	grep -q '&lt;script>{/Bold x}_2<' evil.svg
	grep -q '>EOD<' evil.svg
	grep -q 'red  grön<' evil.svg
	run ! grep -q $'\x1b' evil.svg
	printf 'commit\t`touch pwned4`\tm\tstatus\td\na\t1\t0\tkeep\t\n' |
	    ar-plot -o e.svg
	[ ! -e pwned4 ]
}

@test "ar-plot: first row crashed, one row, none kept, torn rows" {
	{ printf "$head"; printf 'z\t0.0\t0\tcrash\t\n'; tail -n +2 r.tsv; } >c.tsv
	run -0 ar-plot c.tsv
	[[ $output == *"7 experiments, 3 kept; val_bpb 2.5 -> 2.3"* ]]
	for n in 2 3 4; do head -n $n r.tsv | ar-plot | grep -q kept; done
	grep -v keep r.tsv >d.tsv
	run -0 ar-plot d.tsv
	[[ $output == *"3 experiments, 0 kept"* ]]
	printf 'import os\na7\t2.2\n# note\na8\t1e999\t\tKEEP\t\n' >>r.tsv
	run -0 --separate-stderr ar-plot r.tsv
	[[ $output == *"7 experiments, 4 kept; val_bpb 2.5 -> 2.3"* ]]
}

@test "ar-plot: nothing to draw is 1" {
	run -1 --separate-stderr bash -c 'head -1 r.tsv | ar-plot'
	same ""
	[[ $stderr == "ar-plot: standard input: no experiment has a metric yet" ]]
	grep -e commit -e crash r.tsv >c.tsv
	run -1 ar-plot c.tsv
	run -1 ar-plot -o p.svg c.tsv
	[ ! -e p.svg ]
}

@test "ar-plot: bad use and a missing gnuplot are 2" {
	run -2 ar-plot nope.tsv
	run -2 ar-plot /dev/null
	run -2 --separate-stderr ar-plot -o p.gif r.tsv
	[[ $stderr == "ar-plot: p.gif: the name must end in .svg or .png" ]]
	run -2 ar-plot --size 5x5 r.tsv
	run -2 ar-plot -o p.svg r.tsv r.tsv
	run -2 ar-plot -o nodir/p.svg r.tsv
	run -2 ar-plot -t x r.tsv
	plot=$(command -v ar-plot)
	run -2 --separate-stderr env PATH=/nonexistent "$plot" r.tsv
	[[ $stderr == "ar-plot: gnuplot: not found; install it with: "* ]]
	run -2 bash -c 'ar-plot r.tsv >/dev/full'
}
