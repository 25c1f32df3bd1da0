#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	seq 3000 | sed 's/.*/the number & is a number; &/' >text
}

# near GOT WANT - equal to six digits.
near() {
	awk -v a="$1" -v b="$2" \
	    'BEGIN { d = a - b; e = 1e-6 * b; exit !(d <= e && d >= -e) }'
}

# model N [ARG...] - of N steps.
model() {
	ffn-train --bits 8 --batch 64 --segment 16 --model 16 --hidden 16 \
	    --threads 1 --context 4096 -n "$@" --summary none -o m text
}

# bundle C - the original's format, written by another program: a model whose
# logits are C for the byte "e" and 0 for the others, whatever it reads.
bundle() {
	perl -e '
	my ($c, $d, $h, $l) = ($ARGV[0], 4, 8, 2);
	sub floats { pack("Q< f<*", scalar @_, @_) }
	sub zeros { floats((0) x $_[0]) }
	sub linear { zeros($_[0] * $_[1]) . zeros($_[1]) . pack("Q<2", @_) }
	my $head = floats(map { ($_ == 101 ? $c : 0, (0) x ($d - 1)) } 0 .. 255);
	my $last = zeros($d) . floats(1, (0) x ($d - 1)) . $head;
	my $block = zeros($d) . zeros($d) . linear($d, $h) x 2 . linear($h, $d);
	my $moments = zeros(256 * $d) . pack("Q<", $l) . (zeros($d) x 2 .
	    (zeros($d * $h) . zeros($h)) x 2 . zeros($h * $d) . zeros($d)) x $l .
	    zeros($d) x 2 . zeros(256 * $d);
	print "MGCK", pack("L<", 1), pack("L<", 1), pack("Q<a*", 14,
	    "ffn-cerebellum"), pack("Q<5", 256, $d, $h, $l, 64),
	    zeros(256 * $d), pack("Q<", $l), $block x $l, $last,
	    pack("f<6 Q<", 1e-3, .9, .999, 1e-8, .01, 1, 7), $moments x 2,
	    pack("Q<2 f<2 Q<2", 7, 448, 0, 0, 0, 3);
	' "$1"
}

@test "bpb-eval: an untrained model needs 8 bits a byte" {
	model 0 --counts none --recent none --repeats none --matches none
	run -0 --separate-stderr bpb-eval -c 100 m text
	[ -z "$stderr" ]
	n=$(stat -c %s text)
	windows=$(((n - 1) / 100))
	[ "${lines[1]}" = "bytes: $n" ]
	[ "${lines[2]}" = "targets: $((windows * 100))" ]
	[ "${lines[3]}" = "windows: $windows" ]
	[ "${lines[4]}" = "context: 100" ]
	[ "${lines[6]}" = "val_bpb: 8.000000" ]
	near "${lines[0]#nats: }" "$(awk -v n=$((windows * 100)) \
	    'BEGIN { printf "%.9g", n * log(256) }')"
}

@test "bpb-eval: --max-bytes cuts the text, operands are one text" {
	model 5
	head -c 50000 text >a
	head -c 30000 a >b1
	tail -c +30001 a >b2
	run -0 bpb-eval -m 50k m text
	want=$output
	run -0 bpb-eval m a
	same "$want"
	run -0 bpb-eval m b1 b2
	same "$want"
	run -0 bpb-eval m <a
	same "$want"
}

@test "bpb-eval: --precision moves the result by less than 0.0005" {
	model 5
	run -0 bpb-eval --precision fp32 m text
	[ "${lines[7]}" = "precision: fp32" ]
	want=${lines[6]#val_bpb: }
	LU_CPU=avx512 run -0 bpb-eval m text
	[ "${lines[7]}" = "precision: fp32" ]
	run -0 bpb-eval m text
	awk -v a="$want" '/^val_bpb/ { d = $2 - a
	    exit !(d < 0.0005 && d > -0.0005) }' <<<"$output"
	LU_CPU=avx512 run -2 bpb-eval --precision bf16 m text
}

@test "bpb-eval: the result does not depend on the number of threads" {
	model 5
	run -0 bpb-eval --threads 1 m text
	one=$output
	run -0 bpb-eval --threads 3 m text
	same "$one"
}

@test "bpb-eval: --rolling scores every byte but the first, and sees more" {
	model 60
	n=$(stat -c %s text)
	run -0 bpb-eval -c 16 m text
	windowed=${lines[6]#val_bpb: }
	run -0 bpb-eval -r -c 16 m text
	[ "${lines[2]}" = "targets: $((n - 1))" ]
	awk -v a="${lines[6]#val_bpb: }" -v b="$windowed" 'BEGIN { exit !(a < b) }'
	[ "${lines[3]}" = "windows: $(((n - 1 - 16 + 7) / 8 + 1))" ]
	head -c 17 text >one # a window and its target: the same either way
	run -0 bpb-eval -c 16 m one
	windowed=$output
	run -0 bpb-eval -r -c 16 m one
	same "$windowed"
}

@test "bpb-eval: a text of context + 1 bytes is enough, one less is not" {
	model 1
	head -c 101 text >enough
	head -c 100 text >short
	run -0 bpb-eval -c 100 m enough
	[ "${lines[2]}" = "targets: 100" ]
	fails_cleanly bpb-eval -c 100 m short
	[ "$status" -eq 2 ]
	[[ $stderr == "bpb-eval: short: too short: 100 bytes, need at least "*101 ]]
	run -0 bpb-eval m short # one window, shorter than the model's
	[ "${lines[2]}" = "targets: 99" ]
	[ "${lines[4]}" = "context: 99" ]
	: >empty
	fails_cleanly bpb-eval -r m empty
	head -c 1 text >one
	fails_cleanly bpb-eval m one
}

@test "bpb-eval: --json has the same names and numbers" {
	model 1
	run -0 bpb-eval m text
	plain=$(sed 's/: /\t/' <<<"$output")
	run -0 bash -c "bpb-eval -j m text | jq -r 'to_entries[] | [.key, .value] | @tsv'"
	[ "$(cut -f 1 <<<"$output")" = "$(cut -f 1 <<<"$plain")" ]
	[ "$(grep -E 'bytes|targets' <<<"$output")" = \
	    "$(grep -E 'bytes|targets' <<<"$plain")" ]
}

@test "bpb-eval: reads the original's bundles" {
	bundle 3 >b
	run -0 bpb-eval b text
	[ "${lines[4]}" = "context: 64" ]
	# p(e) = exp(3) / (exp(3) + 255) for every position
	want=$(perl -0777 -ne '$w = int((length($_) - 1) / 64) * 64;
	    $e = (substr($_, 1, $w) =~ tr/e//); $z = exp(3) + 255;
	    printf "%.9f", (log($z) - 3 * $e / $w) / log(2)' text)
	near "${lines[6]#val_bpb: }" "$want"
}

@test "bpb-eval: broken checkpoints and bundles are refused" {
	model 1
	bundle 1 >b
	n=$(stat -c %s b)
	head -c 1000 m >cut1
	head -c $((n - 1)) b >cut2
	head -c 100 b >cut3
	{ cat b; echo; } >long
	sed '1s/checkpoint 1/checkpoint 2/' m >newer
	{ printf 'MGCK\002\000\000\000'; tail -c +9 b; } >newer2
	echo hello there, this is text >foreign
	for f in cut1 cut2 cut3 long newer newer2 foreign . nosuch; do
		fails_cleanly bpb-eval "$f" text
		[ "$status" -eq 2 ]
		[[ $stderr == "bpb-eval: $f"* ]]
	done
	fails_cleanly bpb-eval newer text
	[[ $stderr == *"version 2 is newer than 1"* ]]
	fails_cleanly bpb-eval newer2 text
	[[ $stderr == *"schema 2 is newer than 1"* ]]
	fails_cleanly bpb-eval
	fails_cleanly bpb-eval m nosuch
}

@test "bpb-eval: bundles can be trained on, and described" {
	bundle 1 >b
	run -0 ffn-info b
	[[ $output == *$'b\tformat\tisis bundle'* ]]
	[[ $output == *$'b\tseen\t448'* ]]
	run -0 ffn-info -t b
	[ "$(wc -l <<<"$output")" -eq 17 ]
	run -0 ffn-train --compat isis --resume -o b -n 3 -v text text
	[[ $output == *"num_steps:        3"* ]]
	run -0 ffn-info b
	[[ $output == *$'b\tsteps\t10'* ]]
}

@test "bpb-eval: --adapt learns what is new in a window, and forgets it" {
	model 150
	seq 4000 | sed 's/.*/<item id="&"> x &y <\/item>/' | head -c 50000 >new
	bits() { bpb-eval --precision fp32 "$@" | sed -n 's/^val_bpb: //p'; }
	without=$(bits m new)
	[ "$(bits --adapt 0 m new)" = "$without" ]
	adapted=$(bits --adapt 0.003 m new)
	awk -v a="$adapted" -v b="$without" 'BEGIN { exit !(a < 0.9 * b) }'
	{ printf X && head -c 4095 new && printf X; } >one
	{ cat one && tail -c +2 one; } >two # the same window twice
	near "$(bits --adapt 0.003 m two)" "$(bits --adapt 0.003 m one)"
}
