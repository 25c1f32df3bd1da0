#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	seq 3000 | sed 's/.*/the number & is a number; &/' >train.txt
	seq 3001 3400 | sed 's/.*/the number & is a number; &/' >val.txt
	small=(--bits 8 --batch 64 --threads 1 --model 16 --hidden 16
	    --segment 16 --context 4096)
}

labels() {
	cut -d : -f 1 <<<"$output" | tr '\n' ' '
}

@test "ffn-train: learns, saves, and closes with the summary block" {
	seq 3001 5400 | sed 's/.*/the number & is a number; &/' >val.txt
	run -0 --separate-stderr ffn-train -n 60 -v val.txt -o m train.txt
	[ -z "$stderr" ]
	[ "$(labels)" = "eval_seconds eval_targets precision device --- val_bpb training_seconds total_seconds peak_vram_mb mfu_percent total_tokens_m num_steps num_params_m " ]
	[[ ${lines[5]} =~ ^"val_bpb:          "[0-9]\.[0-9]{6}$ ]]
	[[ ${lines[6]} =~ ^"training_seconds: "[0-9]+\.[0-9]$ ]]
	[[ ${lines[7]} =~ ^"total_seconds:    "[0-9]+\.[0-9]$ ]]
	[[ ${lines[8]} =~ ^"peak_vram_mb:     "[1-9][0-9]*\.[0-9]$ ]]
	[[ ${lines[9]} =~ ^"mfu_percent:      "[0-9]+\.[0-9]{2}$ ]]
	[ "${lines[10]}" = "total_tokens_m:   0.1" ]
	[ "${lines[11]}" = "num_steps:        60" ]
	awk '/^val_bpb/ { exit !($2 < 1.5) }' <<<"$output"
}

@test "ffn-train: --summary karpathy has its own labels" {
	run -0 ffn-train "${small[@]}" -n 2 --summary karpathy --layers 3 \
	    -v val.txt train.txt
	[[ $(labels) == *"mfu_percent total_tokens_M num_steps num_params_M depth " ]]
	[ "${lines[13]}" = "depth:            3" ]
}

@test "ffn-train: --precision says what the products are made of" {
	run -0 ffn-train "${small[@]}" -n 20 --precision fp32 -v val.txt train.txt
	[ "${lines[2]}" = "precision: fp32" ]
	one=$(sed -n 's/^val_bpb: *//p' <<<"$output")
	LU_CPU=avx512 run -2 ffn-train "${small[@]}" -n 2 --precision bf16 \
	    -v val.txt train.txt
	[[ $output == *"no bf16 products on this processor"* ]]
	run -0 ffn-train "${small[@]}" -n 20 -v val.txt train.txt
	awk -v a="$one" '/^val_bpb/ { exit !(($2 - a) ^ 2 < 1e-4) }' <<<"$output"
	LU_CPU=base run -0 ffn-train "${small[@]}" -n 20 -v val.txt train.txt
	[ "${lines[2]}" = "precision: fp32" ]
	awk -v a="$one" '/^val_bpb/ { exit !(($2 - a) ^ 2 < 1e-6) }' <<<"$output"
}

@test "ffn-train: what was not measured is not printed" {
	run -0 ffn-train "${small[@]}" -n 2 -o m train.txt
	[[ $(labels) == "--- training_seconds"* ]]
}

@test "ffn-train: the summary's val_bpb is what bpb-eval measures" {
	run -0 ffn-train "${small[@]}" -n 20 -v val.txt -o m train.txt
	want=$(sed -n 's/^val_bpb: *//p' <<<"$output")
	run -0 bpb-eval m val.txt
	[ "${lines[6]}" = "val_bpb: $want" ]
}

@test "ffn-train: a run that stops and resumes is the run that did not" {
	flat=(--warmup 0 --decay 0 --summary none -o)
	ffn-train "${small[@]}" -n 20 "${flat[@]}" whole train.txt
	ffn-train "${small[@]}" -n 8 "${flat[@]}" part train.txt
	first=$(ffn-info part | awk '$2 == "seconds" { print $3 }')
	ffn-train -n 12 --resume --threads 1 --batch 64 --segment 16 \
	    "${flat[@]}" part train.txt
	ffn-info -t whole | cut -f 2- >whole.tsv
	ffn-info -t part | cut -f 2- | diff whole.tsv -
	run -0 ffn-info part
	[[ $output == *$'steps\t20'* ]]
	awk -v first="$first" '$2 == "seconds" { exit !($3 > first) }' \
	    <<<"$output"
}

@test "ffn-train: no steps and no --resume make a new model" {
	ffn-train "${small[@]}" -n 5 --summary none -o m train.txt
	ffn-train "${small[@]}" -n 0 --summary none -o m train.txt
	run -0 ffn-info m
	[[ $output == *$'steps\t0'* ]]
}

@test "ffn-train: --budget 0 trains nothing and leaves the file alone" {
	ffn-train "${small[@]}" -n 5 --summary none -o m train.txt
	cp -p m before
	run -0 ffn-train -b 0 --batch 64 --segment 16 --resume -o m -v val.txt \
	    train.txt
	[[ $output == *"num_steps:        0"* ]]
	[[ $output == *"val_bpb: "* ]]
	[ ! m -nt before ] && cmp m before
}

@test "ffn-train: an interrupt saves, evaluates, and shows in the status" {
	run -130 timeout --preserve-status -s INT 1 \
	    ffn-train "${small[@]}" -b 60 --passes 1000000 -v val.txt -o m train.txt
	[[ $output == *"val_bpb: "* ]]
	run -143 timeout --preserve-status 1 \
	    ffn-train "${small[@]}" -b 60 --passes 1000000 -v val.txt -o m2 train.txt
	[[ $output == *"val_bpb: "* ]]
	run -0 ffn-info m m2
}

@test "ffn-train: a diverged run keeps the last good checkpoint" {
	ffn-train "${small[@]}" -n 5 --summary none -o m train.txt
	cp m before
	run -1 --separate-stderr ffn-train "${small[@]}" -n 50 --opt sgd \
	    --lr 1000 --clip 0 -v val.txt -o m train.txt
	[ -z "$output" ]
	[[ $stderr == *"m keeps what was saved before"* ]]
	cmp m before
}

@test "ffn-train: settings come from a file, the command line wins" {
	printf '# a comment\nlayers 2\nhidden = 24  # another\ntied 1\n' >c
	run -0 ffn-train -f c --hidden 8 "${small[@]:0:6}" -n 1 \
	    --summary none -o m train.txt
	run -0 ffn-info m
	[[ $output == *$'layers\t2'* && $output == *$'hidden\t8'* ]]
	[[ $output == *$'tied\t1'* ]]
}

@test "ffn-train: a bad settings file is named with its line" {
	printf 'layers 2\nlearning 3\n' >c
	fails_cleanly ffn-train -f c -o m train.txt
	[ "$stderr" = "ffn-train: c:2: learning: no such setting" ]
	echo 'budget 9999' >c # what an experiment may not change
	fails_cleanly ffn-train -f c -o m train.txt
	[ "$status" -eq 2 ]
	echo 'lr fast' >c
	fails_cleanly ffn-train -f c -o m train.txt
	[ "$stderr" = "ffn-train: c:1: lr: fast is not a number" ]
	[ ! -e m ]
}

@test "ffn-train: bad texts and places are errors before training starts" {
	: >empty
	head -c 1 val.txt >short
	for bad in "-o m nosuch" "-o m ." "-o m empty" "-v short train.txt" \
	    "-v nosuch train.txt" "-o no/dir/m train.txt" "train.txt" \
	    "--resume -v val.txt train.txt"; do
		# shellcheck disable=SC2086  # several words
		fails_cleanly timeout 10 ffn-train $bad
		[ "$status" -eq 2 ]
	done
	[ ! -e m ]
}

@test "ffn-train: --resume refuses what is no checkpoint, and keeps it" {
	echo precious >m
	fails_cleanly ffn-train --resume -o m -n 1 train.txt
	[ "$status" -eq 2 ]
	[ "$(cat m)" = precious ]
}

@test "ffn-train: a run killed while saving leaves a sound checkpoint" {
	ffn-train "${small[@]}" -n 1 --summary none -o m train.txt
	for delay in 0.3 0.35 0.42 0.51; do
		timeout -s KILL "$delay" ffn-train "${small[@]}" -b 60 \
		    --save-every 0.001 -o m train.txt || :
		run -0 ffn-info m
	done
}

@test "ffn-train: every act, norm and opt trains" {
	for o in "--act swiglu" "--act geglu" "--act gelu" "--act relu2" \
	    "--norm pre" "--norm post" "--norm none" "--opt adamw" \
	    "--opt muon" "--opt sgd --lr 0.3" "--embed-by none" "--counts none" \
	    "--recent none" "--repeats none" "--matches none"; do
		# shellcheck disable=SC2086
		run -0 ffn-train "${small[@]}" $o -n 40 -v val.txt train.txt
		awk '/^val_bpb/ { exit !($2 < 6) }' <<<"$output"
	done
}

@test "ffn-train: --compat isis starts near its known 8.1 bits per byte" {
	run -0 ffn-train --compat isis --size small -b 0 -v val.txt train.txt
	awk '/^val_bpb/ { exit !($2 > 8 && $2 < 8.3) }' <<<"$output"
	[[ $output == *"num_params_m:     0.9"* ]]
}

@test "ffn-train: progress goes to a terminal, or when asked for" {
	run -0 --separate-stderr ffn-train "${small[@]}" -n 5 --verbose \
	    --summary none -o m train.txt
	[ -z "$output" ]
	[[ $stderr == "step 5  loss "*" bits  "*" kB/s  0 s left" ]]
	run -0 script -qec "ffn-train ${small[*]} -n 5 --summary none -o m \
	    train.txt" /dev/null
	[[ $output == *"step 5  loss "* ]]
}

# curve FILE - its columns 1 and 7 (step, val_bpb) where the latter is known.
evals() {
	awk -F '\t' 'NR > 1 && $7 != "" { print $1, $7 }' "$1"
}

@test "ffn-train: --eval-steps evaluates as bpb-eval, and changes nothing" {
	run -0 ffn-train "${small[@]}" -n 50 -v val.txt -o a train.txt
	want=$(sed -n 's/^val_bpb: *//p' <<<"$output")
	run -0 --separate-stderr ffn-train "${small[@]}" -n 50 -v val.txt -o b \
	    --eval-steps 20 --curve c train.txt
	[ -z "$stderr" ]
	[[ $output == *"val_bpb:          $want"* ]]
	[ "$(evals c | cut -d ' ' -f 1 | tr '\n' ' ')" = "20 40 50 " ]
	[ "$(evals c | sed -n '$s/.* //p')" = "$want" ]
	ffn-info -t a | cut -f 2- >a.tsv
	ffn-info -t b | cut -f 2- | diff a.tsv -
	run -0 ffn-info b
	[[ $output == *$'b\tevals\t3\nb\tval_bpb\t'*$'b\tbest_step\t50' ]]
	run -0 ffn-train "${small[@]}" -n 20 -v val.txt --eval-steps 20 \
	    --eval-bytes 9000 --curve c train.txt
	head -c 9000 val.txt >part
	ffn-train "${small[@]}" -n 20 -o p --summary none train.txt
	run -0 bpb-eval p part
	[ "$(evals c)" = "20 ${lines[6]#val_bpb: }" ]
}

@test "ffn-train: a model is evaluated meanwhile as it would be used" {
	flat=("${small[@]}" --warmup 0 --decay 0 --precision fp32 -v val.txt)
	ffn-train "${flat[@]}" -n 30 --eval-steps 15 --curve c \
	    --summary none train.txt
	run -0 ffn-train "${flat[@]}" -n 15 train.txt # knows all the text's counts
	[ "$(evals c | sed -n 1p)" = "15 $(sed -n 's/^val_bpb: *//p' <<<"$output")" ]
}

@test "ffn-train: --curve has a line a step, and what each says" {
	dumb=(--counts none --recent none --repeats none --matches none)
	ffn-train "${small[@]}" "${dumb[@]}" -n 30 --summary none -o m \
	    --curve c train.txt
	[ "$(sed -n 1p c)" = $'step\tseconds\tbytes\tlr\tloss\tgrad_norm\tval_bpb\tbytes_per_s' ]
	awk -F '\t' 'NR == 1 { next }
	    { n++; ok = NF == 8 && $1 == n && $3 == 64 * n && $2 >= t &&
		$4 > 0 && $5 > 0 && $6 > 0 && $7 == "" && $8 > 0; t = $2 }
	    !ok { bad = 1 } END { exit bad || n != 30 }' c
	# 8 bits at first; the last is what the file says of its last step
	[ "$(sed -n 2p c | cut -f 5)" = 8.000000 ]
	loss=$(ffn-info m | awk '$2 == "loss" { printf "%.6f", $3 / log(2) }')
	[ "$(sed -n '$p' c | cut -f 5)" = "$loss" ]
	ffn-train "${small[@]}" -n 1000 --summary none -o m --curve c train.txt
	n=$(wc -l <c)
	[ "$n" -gt 190 ] && [ "$n" -le 202 ]
}

@test "ffn-train: a curve goes on where the checkpoint does" {
	flat=(--warmup 0 --decay 0 --summary none -o m --curve c)
	ffn-train "${small[@]}" -n 20 "${flat[@]}" train.txt
	cp c whole
	ffn-train "${small[@]}" -n 8 "${flat[@]}" train.txt
	# what a killed run leaves: a step that was not saved, a torn line
	printf '9\t1.0\t576\t0.1\t7\t1\t\t9\n10\t1.1' >>c
	ffn-train "${small[@]}" -n 12 "${flat[@]}" --resume train.txt
	diff <(cut -f 1,3-6 whole) <(cut -f 1,3-6 c)
	printf 'step\tsec' >c
	ffn-train "${small[@]}" -n 20 "${flat[@]}" train.txt
	diff <(cut -f 1,3-6 whole) <(cut -f 1,3-6 c)
	cp train.txt precious
	fails_cleanly ffn-train "${small[@]}" -n 1 -o m --curve precious train.txt
	[ "$status" -eq 2 ]
	cmp train.txt precious
	ffn-train "${small[@]}" -n 2 --summary none -o m --curve /dev/stdout \
	    train.txt | tail -1 | grep -q $'^2\t'
}

@test "ffn-train: a curve that cannot be written is an error" {
	run -2 --separate-stderr ffn-train "${small[@]}" -n 9 -o m \
	    --curve /dev/full train.txt
	[[ $stderr == "ffn-train: /dev/full: No space"* ]]
	[ ! -e m ]
}

# A text that the model only learns to be wrong about.
@test "ffn-train: --patience stops early and keeps the best model" {
	seq 1000 | tr 0-9 j-s >strange.txt
	run -0 --separate-stderr ffn-train "${small[@]}" -n 3000 -v strange.txt \
	    --context 64 --eval-steps 10 --patience 3 -o m --curve c train.txt
	[ -z "$stderr" ]
	best=$(evals c | sort -k 2,2n | sed -n 1p)
	[[ $output == "evaluations: $(evals c | wc -l)"$'\n'"best_step: ${best% *}"* ]]
	[[ $output == *"val_bpb:          ${best#* }"* ]]
	run -0 ffn-info m
	[[ $output == *$'\tsteps\t'"${best% *}"$'\n'* ]]
	# patience ends twice: then the rate falls to the second end, or to 0
	last=$(sed -n '$p' c | cut -f 1)
	[ "$last" -lt 1000 ]
	[ "$((last % 10))" -eq 0 ]
	awk -F '\t' 'NR > 1 && $4 > high { high = $4 }
	    END { exit !($4 < 0.9 * high) }' c
}

@test "ffn-train: without a decay, patience ends the run at once" {
	seq 1000 | tr 0-9 j-s >strange.txt
	run -0 ffn-train "${small[@]}" -n 3000 -v strange.txt --decay 0 \
	    --context 64 --eval-steps 10 --patience 3 -o m --curve c train.txt
	best=$(evals c | sort -k 2,2n | sed -n 1p)
	[ "$(sed -n '$p' c | cut -f 1)" -eq $((${best% *} + 30)) ]
	# it goes on from the best one, which is not lost when nothing is better
	run -0 ffn-train "${small[@]}" -n 20 -v strange.txt --resume --decay 0 \
	    --eval-steps 10 --patience 3 -o m train.txt
	[[ $output == *"best_step: ${best% *}"$'\n'* ]]
	[[ $output == *"val_bpb:          ${best#* }"* ]]
}

@test "ffn-train: an evaluation that is no number is no result" {
	ffn-train "${small[@]}" -n 5 --summary none -o m train.txt
	cp m before
	run -1 --separate-stderr ffn-train --threads 1 -n 9 --resume -o m \
	    --batch 64 --segment 16 --opt sgd --lr 1000 --clip 0 --table-lr 0 --eval-steps 1 \
	    --patience 2 -v val.txt train.txt
	[ -z "$output" ]
	cmp m before
	for bad in "--eval-steps 1 -o m" "--patience 2 -v val.txt -o m" \
	    "--patience 2 --eval-steps 1 -v val.txt" \
	    "--eval-steps 1 --eval-bytes 1 -v val.txt"; do
		# shellcheck disable=SC2086  # several words
		fails_cleanly ffn-train -n 1 $bad train.txt
		[ "$status" -eq 2 ]
	done
}

@test "ffn-train: --dry-run predicts memory, measures a step, writes nothing" {
	cost=(--bits 12 --batch 2048 --threads 2 --context 4096 -v val.txt -o m)
	run -0 --separate-stderr ffn-train --dry-run "${cost[@]}" train.txt
	[ -z "$stderr" ]
	[ ! -e m ]
	[ "$(labels)" = "params dense_params memory_mb checkpoint_mb flops_a_byte flops_a_step step_seconds bytes_per_s pass_seconds " ]
	awk -F ': ' -v n="$(stat -c %s train.txt)" '{ v[$1] = $2 } END {
	    near = 2048 / v["step_seconds"] / v["bytes_per_s"]
	    pass = n / v["bytes_per_s"] - v["pass_seconds"]
	    exit !(near > 0.99 && near < 1.01 && pass > -0.1 && pass < 0.1)
	}' <<<"$output"
	predicted=$(sed -n 's/^memory_mb: //p' <<<"$output")
	run -0 ffn-train "${cost[@]}" -n 3 train.txt
	awk -v p="$predicted" '/^peak_vram_mb/ { ok = p > 0.75 * $2 && p < 1.25 * $2 }
	    END { exit !ok }' <<<"$output"
}

@test "ffn-train: --dry-run of what no machine holds gives sizes alone" {
	run -0 --separate-stderr ffn-train --dry-run --bits 28 --width 1024
	[[ $stderr == "ffn-train: no time was measured: needs "*" MiB"* ]]
	[[ $output == *$'\nstep_seconds: \nbytes_per_s: \npass_seconds: ' ]]
}

@test "ffn-train: a lost summary is an error" {
	run -2 --separate-stderr bash -c \
	    "ffn-train ${small[*]} -n 1 -v val.txt train.txt >/dev/full"
	[[ $stderr == "ffn-train: write: "* ]]
}
