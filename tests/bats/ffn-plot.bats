#!/usr/bin/env bats
load helper

# curve NAME TOP - ten lines that fall from TOP, evaluated at every fifth.
curve() {
	awk -v top="$2" 'BEGIN {
	    print "step\tseconds\tbytes\tlr\tloss\tgrad_norm\tval_bpb\tbytes_per_s"
	    for (i = 1; i <= 10; i++)
		printf "%d\t%.1f\t%d\t0.1\t%.3f\t1\t%s\t9\n", i, i / 2, 64 * i,
		    top / i, i % 5 ? "" : 1 + top / i }' >"$1"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	command -v gnuplot >/dev/null || skip "gnuplot is not installed"
	curve a 8
	curve b 6
}

@test "ffn-plot: text, with loss and evaluations, of a file or stdin" {
	run -0 --separate-stderr ffn-plot a
	[ -z "$stderr" ]
	one=$output
	[ "$(grep -o O <<<"$output" | wc -l)" -eq 3 ] # and the legend
	[[ $output == *loss*val_bpb*seconds ]]
	[ "$(wc -L <<<"$output")" -le 79 ]
	run -0 ffn-plot <a
	same "$one"
	run -0 ffn-plot -x bytes --size 50x14 a
	[[ $output == *00*bytes ]]
	[ "$(wc -L <<<"$output")" -le 50 ]
}

@test "ffn-plot: several curves have a letter each" {
	run -0 ffn-plot a b
	for c in a:a b:b A:a B:b; do
		grep -q "${c#*:} .* ${c%:*} " <<<"$output"
	done
	[ "$(grep -o B <<<"$output" | wc -l)" -eq 3 ]
}

@test "ffn-plot: the plot of a run that goes on, and of one killed" {
	printf '11\t5.5\t704\t0.1\t0.' >>a
	run -0 ffn-plot a
	head -1 a >none
	run -1 --separate-stderr ffn-plot none
	[ "$stderr" = "ffn-plot: there is nothing to draw yet" ]
	head -2 a >one
	run -0 ffn-plot one
}

@test "ffn-plot: writes SVG and PNG, whole; a name is no program" {
	cp a '`touch pwned`";system("touch pwned")#<b>'
	run -0 ffn-plot -o p.svg a '`touch pwned`";system("touch pwned")#<b>'
	same ""
	grep -q '<svg' p.svg
	[ ! -e pwned ]
	run -0 ffn-plot -o p.png a
	[ "$(head -c 8 p.png | od -An -tx1)" = " 89 50 4e 47 0d 0a 1a 0a" ]
}

@test "ffn-plot: other files and bad calls are refused" {
	echo hello >foreign
	sed 's/loss/lost/' a >renamed
	sed '4s/2.667/x/' a >broken
	: >empty
	for bad in foreign renamed broken empty nosuch . "-o p.gif a" \
	    "--size 9 a" "-x lr a"; do
		# shellcheck disable=SC2086  # several words
		fails_cleanly ffn-plot $bad
		[ "$status" -eq 2 ]
	done
	fails_cleanly ffn-plot a broken
	[ "$stderr" = "ffn-plot: broken:4: not a number" ]
	fails_cleanly ffn-plot renamed
	[[ $stderr == *"its header lacks loss" ]]
	fails_cleanly env PATH="$PWD" "$(command -v ffn-plot)" a
	[[ $stderr == *"gnuplot: not found; install it"* ]]
}
