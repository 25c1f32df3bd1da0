#!/usr/bin/env bats
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || exit
	yes 'abcdefgh, the cat; ' | tr -d '\n' | head -c 20000 >text
	ffn-train --bits 8 --batch 64 --model 16 --hidden 16 --threads 1 \
	    --context 32 -n 400 --decay 0.2 --summary none -o m text
}

setup() {
	cd "$BATS_FILE_TMPDIR" || exit
}

@test "ffn-sample: the most likely bytes are the text it learned" {
	run -0 --separate-stderr ffn-sample -t 0 -n 23 -p 'abcd' m
	same 'efgh, the cat; abcdefgh'
	[ -z "$stderr" ]
	run -0 bash -c "printf 'the c' | ffn-sample -t 0 -n 3 m"
	same "at;"
}

@test "ffn-sample: a seed decides, prompts longer than the window count" {
	run -0 ffn-sample -n 300 -t 9 -s 7 -p 'the ' m
	one=$output
	run -0 ffn-sample -n 300 -t 9 --seed 7 -p 'the ' m
	same "$one"
	run -0 ffn-sample -n 300 -t 9 -s 8 -p 'the ' m
	[ "$output" != "$one" ]
	run -0 bash -c "head -c 1003 text | ffn-sample -t 0 -n 9 m"
	same "$(tail -c +1004 text | head -c 9)"
}

@test "ffn-sample: an empty prompt, no bytes, and --until" {
	run -0 bash -c "ffn-sample -n 40 m </dev/null | wc -c"
	same 40
	run -0 ffn-sample -p '' -n 0 m
	same ""
	run -0 ffn-sample -t 0 -p 'abc' --until ', t' m
	same "defgh, t"
	run -0 ffn-sample -t 0 -p 'abc, t' -n 3 --until 'zz' m
	[ "${#output}" -eq 3 ]
}

@test "ffn-sample: --top-k 1 and a small --top-p are the most likely byte" {
	run -0 ffn-sample -t 0 -n 50 -p 'ab' m
	best=$output
	run -0 ffn-sample -t 3 --top-k 1 -n 50 -p 'ab' m
	same "$best"
	run -0 ffn-sample -t 1 --top-p 0 -n 50 -p 'ab' m
	same "$best"
	run -0 ffn-sample -t 1000 -n 50 -p 'ab' m
	[ "$output" != "$best" ]
}

@test "ffn-sample: --utf8 writes whole characters, whatever the model says" {
	for seed in 1 2 3; do
		ffn-sample -u -t 1000 -n 301 -s "$seed" -p '' m >out
		[ "$(wc -c <out)" -eq 301 ]
		iconv -f UTF-8 -t UTF-8 out >/dev/null
		LC_ALL=C grep -q $'[\xf0-\xf4]' out
	done
	ffn-sample -t 1000 -n 301 -p '' m >out
	run ! iconv -f UTF-8 -t UTF-8 out
	# a prompt that ends inside a character is completed first
	printf 'abc\xe2\x82' >part
	{ cat part; ffn-sample -u -t 1000 -n 7 m <part; } |
	    iconv -f UTF-8 -t UTF-8 >/dev/null
}

@test "ffn-sample: bytes come one by one, and a reader may have enough" {
	run -0 bash -c 'set -o pipefail; trap "" PIPE
	    ffn-sample -n 1000000000 -p "" m | head -c 100 | wc -c
	    test "${PIPESTATUS[0]}" -eq 141'
	same 100
	command -v strace >/dev/null || skip "strace is not installed"
	run -0 strace -o trace -e trace=write ffn-sample -n 20 -p '' m
	[ "$(grep -c 'write(1' trace)" -eq 20 ]
}

@test "ffn-sample: bad calls, texts and models are refused" {
	echo hello >foreign
	head -c 3000 m >part
	for bad in "" "m m" "nosuch" "foreign" "part" "-t -1 m" "-t nan m" \
	    "--top-p 1.1 m" "--top-k 257 m" "-n x m"; do
		# shellcheck disable=SC2086  # several words
		fails_cleanly ffn-sample -p x $bad
		[ "$status" -eq 2 ]
	done
	fails_cleanly bash -c "ffn-sample m <."
	[ "$status" -eq 2 ]
	run -2 --separate-stderr bash -c "ffn-sample -p x m >/dev/full"
	[[ $stderr == "ffn-sample: write: "* ]]
}
