#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	unset "${!LLM_@}" "${!OPENAI_@}" "${!ANTHROPIC_@}" CI
	export LU_CONFIG=/dev/null NO_PROXY='*' no_proxy='*'
	: >s
}

# needs PART - skip in a build without it.
needs() {
	[[ $(llm-call --version) == *"+$1"* ]] || skip "built without $1"
}

# script - the standard input becomes the script of llm-fake.
script() {
	sed 's/^[ 	]*//' >s
}

# statuses - the words of the table "st", in order.
statuses() {
	tail -n +2 st | cut -f 2 | tr '\n' ' '
}

# counting - a command that is a model and notes each prompt in the file "ran".
counting() {
	cat >count.sh <<-'EOT'
	p=$(cat)
	printf '%s\n' "$p" >>ran
	printf '<%s>' "$p"
	EOT
	: >ran
	echo 'exec:sh ./count.sh'
}

# has_lines FILE N - wait until a command in the background has written them.
has_lines() {
	timeout 5 sh -c 'until [ "$(wc -l <"$1")" -ge "$2" ]; do sleep .01; done' \
	    sh "$@"
}

# experience DIR - three rows; the last has no value.
experience() {
	tensor "$1" '[3, 3]' 'red house' $'a house that\nis red' 'RED' \
	    'blue boat' '' 'BLUE' 'green tree' 'a tree'
	rm "$1/storage/4/data"
}

@test "llm-call: a prompt in, an answer out, to the byte" {
	run -0 --separate-stderr llm-call -b 'exec:tr a-z A-Z' <<<"it's \$HOME"
	[ "$output" = "IT'S \$HOME" ]
	[ -z "$stderr" ]
	llm-call -b 'exec:tr a-z A-Z' <<<abc >out
	[ "$(od -An -c out | tr -d ' ')" = ABC ]
	run -2 bash -c "llm-call -b 'exec:cat' <<<a >/dev/full"
}

@test "llm-call: with nothing configured no model is asked" {
	needs libcurl
	fails_cleanly llm-call <<<hello
	[ "$status" -eq 1 ]
	[[ $stderr == "llm-call: nomatch: "*"-b and -m"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	# a key, or an address, is no wish to spend
	OPENAI_API_KEY=sk-x ANTHROPIC_API_KEY=y \
	    run -1 llm-fake -l log s llm-call <<<hello
	[ "$(wc -l <log)" -le 1 ]
	LLM_MODEL=any run -0 llm-fake s llm-call <<<hello
	[ "$output" = hello ]
}

@test "llm-call: nearest answers with the best row's value" {
	experience exp
	run -0 --separate-stderr llm-call -e exp <<<"my red house"
	[ "$output" = RED ]
	[ -z "$stderr" ]
	run -0 llm-call -e exp <<<"a blue boat"
	[ "$output" = BLUE ]
	fails_cleanly llm-call -e exp <<<nothing
	[ "$status" -eq 1 ]
	# a row without a value answers nothing
	run -1 llm-call -k 1 -e exp <<<"green tree"
	run -0 llm-call --min-score 0.5 -e exp <<<"red"
	run -1 llm-call --min-score 0.6 -e exp <<<"red"
	[[ $output == *"below 0.6"* ]]
	fails_cleanly llm-call -e s <<<x
	[ "$status" -eq 2 ]
}

@test "llm-call: an experience shows its rows to any model, fenced" {
	experience exp
	run -0 llm-call -n -k 1 -b exec:cat -e exp <<<"red house"
	prompt=$(sed -n 2p <<<"$output" | jq -r .prompt)
	mark=$(sed -n 's/^=== input \(.*\) ===$/\1/p' <<<"$prompt")
	[ "${#mark}" -eq 16 ]
	output=$(sed "s/$mark/MARK/g; 1,/^Text/d" <<<"$prompt")
	same "
=== examples MARK ===
  INPUT: a house that
  is red
  OUTPUT: RED
=== end examples MARK ===

=== input MARK ===
red house

=== end input MARK ===

Give the output alone, without a word about it."
	run -0 llm-call -n -b exec:cat -e exp <<<"red house"
	[[ $output == *'INPUT: blue boat\n'* ]]
	[[ $output != *'green tree'* ]]
	# and such a prompt is enough for nearest
	sed -n 2p <<<"$output" | jq -j .prompt >p
	run -0 llm-call <p
	[ "$output" = RED ]
}

@test "llm-call: an answer is cleaned, unless --raw" {
	said='<think>hm</think>\n```sh\n  ls \033[31m-l\033[0m\r\n```\n\n'
	run -0 llm-call -b "exec:printf '$said'" <<<x
	[ "$output" = "  ls -l" ]
	run -0 llm-call --keep-think -b "exec:printf '$said'" <<<x
	[ "${lines[0]}" = "<think>hm</think>" ]
	llm-call --raw -b "exec:printf '$said'" <<<x >out
	printf "$said" | cmp - out
	fails_cleanly llm-call -b "exec:printf '<think>hm</think>\n'" <<<x
	[ "$status" -eq 6 ]
	# the user's own rows are values, wrapping or not
	tensor exp '[1, 3]' q k $'```\nx\n```\n'
	llm-call -e exp <<<q >out
	printf '```\nx\n```\n' | cmp - out
}

@test "llm-call: what fails a check is no answer" {
	needs libcjson
	printf 'yes\nno\n' >list
	echo '{"type": "object", "required": ["n"]}' >schema
	pass() { run -0 llm-call -b 'exec:cat' "$@"; }
	fail() {
		fails_cleanly llm-call -b 'exec:cat' "$@" || return 1
		[ "$status" -eq 6 ] || return 1
		[[ $stderr == "llm-call: invalid: "* ]]
	}
	pass --choices list <<<no
	fail --choices list <<<maybe
	pass --match '[0-9]+' <<<12
	fail --match '[0-9]+' <<<12x
	pass --max-bytes 3 <<<abc
	fail --max-bytes 3 <<<abcd
	fail < <(head -c 65537 /dev/zero | tr '\0' x)
	pass --max-bytes 0 < <(head -c 65537 /dev/zero | tr '\0' x)
	pass --schema schema <<<'{"n": 1}'
	fail --schema schema <<<'{"m": 1}'
	fail --raw --match a <<<a
	experience exp
	fails_cleanly llm-call --choices list -e exp <<<"red"
	[ "$status" -eq 6 ]
	for bad in '--match (' '--choices nosuch' '--schema list' '--schema nosuch'
	do
		# shellcheck disable=SC2086
		fails_cleanly llm-call -b exec:cat $bad <<<x
		[ "$status" -eq 2 ]
	done
	echo '{"minimum": 3}' >schema
	fails_cleanly llm-call -b exec:cat --schema schema <<<x
	[[ $stderr == *schema*minimum* ]]
}

@test "llm-call: what cannot be a prompt is not sent" {
	fails_cleanly llm-call -b exec:cat </dev/null
	[ "$status" -eq 2 ]
	printf 'a\377b\0c' >bad
	fails_cleanly llm-call -b exec:cat <bad
	[ "$status" -eq 2 ]
	[[ $stderr == *UTF-8* ]]
	run -0 llm-call --lossy -b exec:cat <bad
	[ "$output" = $'a\xef\xbf\xbdb\xef\xbf\xbdc' ]
}

@test "llm-call: a tensor of prompts becomes a tensor of answers" {
	tensor in '[2, 2]' one two three four
	rm in/storage/2/data
	run -0 --separate-stderr llm-call -T in -o out -j 3 -S st \
	    -b 'exec:read x; case $x in one) sleep .2;; esac; echo "$x $LU_INDEX"'
	[ "$output" = out ]
	[ -z "$stderr" ]
	run -0 st-cat out
	same "$(printf '%s\t%s\t%s\n' coords coeff text 0,0 1 'one 0,0' \
	    0,1 1 'two 0,1' 1,0 0 '' 1,1 1 'four 1,1')"
	[ "$(statuses)" = 'ok ok ok ' ]
	[ "$(cut -f 1,3,4,5 st)" = "$(printf '%s\t%s\t%s\t%s\n' \
	    index attempts http bytes 0,0 1 '' 7 0,1 1 '' 7 1,1 1 '' 8)" ]
	[ "$(cut -f 7 st | tail -n 1 | tr -d '\n' | wc -c)" -eq 64 ]
	st-fsck out
}

@test "llm-call: without -o the tensor gets a fresh name" {
	tensor in '[1]' a
	run -0 llm-call -T in -b exec:cat
	[ "$(st-cat "$output" | tail -n 1)" = $'0\t1\ta' ]
	tensor in2 '[]' a
	run -0 llm-call -T in2 -o out2 -b exec:cat -S st
	[ "$(tail -n 1 st | cut -f 1-3)" = $'\tok\t1' ]
	tensor in3 '[0]'
	run -0 llm-call -T in3 -o out3 -b exec:cat -S st
	[ "$(wc -l <st)" -eq 1 ]
}

@test "llm-call: the confidence of nearest is the likeness" {
	experience exp
	tensor in '[3]' 'red' 'blue boat' nothing
	run -1 --separate-stderr llm-call -T in -o out -S st -e exp
	run -0 st-cat out
	same "$(printf '%s\t%s\t%s\n' coords coeff text 0 0.5 RED 1 1 BLUE 2 0 '')"
	[ "$(statuses)" = 'ok ok nomatch ' ]
}

@test "llm-call: what is there is not asked for again" {
	model=$(counting)
	tensor in '[4]' a b c d
	run -0 llm-call -T in -o out -b "$model"
	run -0 llm-call -T in -o out -b "$model" -S st
	[ "$(sort ran | tr '\n' ' ')" = 'a b c d ' ]
	[ "$(statuses)" = 'ok ok ok ok ' ]
	[ "$(cut -f 3 st | tr '\n' ' ')" = 'attempts 0 0 0 0 ' ]
	# a changed prompt is another one, and a prompt that goes takes its answer
	printf B >in/storage/1/data
	rm in/storage/3/data
	run -0 llm-call -T in -o out -b "$model"
	[ "$(tail -n +5 ran)" = B ]
	[ "$(st-cat out | cut -f 3 | tr '\n' ' ')" = 'text <a> <B> <c>  ' ]
	# so are another model, system text and sample
	for more in '-m x' '-s y' '--sample 1' '--set TEMPERATURE=0'; do
		: >ran
		# shellcheck disable=SC2086
		run -0 llm-call -T in -o out -b "$model" $more
		[ "$(wc -l <ran)" -eq 3 ]
	done
	# what the user has removed is asked for, what he has mended stays
	rm out/storage/0/data
	printf mended >out/storage/2/data
	: >ran
	run -0 llm-call -T in -o out -b "$model" --set TEMPERATURE=0
	[ "$(cat ran)" = a ]
	[ "$(st-cat out | tail -n 2 | head -n 1)" = $'2\t1\tmended' ]
}

@test "llm-call: failures have a reason, and leave nothing behind" {
	tensor in '[4]' ok bad no also
	cat >m.sh <<-'EOT'
	read -r x
	case $x in
	bad) echo "half an answer"; echo "went wrong" >&2; exit 3 ;;
	no) echo maybe ;;
	*) echo yes ;;
	esac
	EOT
	run -1 --separate-stderr llm-call -T in -o out -S st --match yes \
	    -b 'exec:sh ./m.sh'
	[ "$output" = out ]
	[ "$(statuses)" = 'ok exec invalid ok ' ]
	[[ $stderr == *"in[1]: exec: "* && $stderr == *"in[2]: invalid: "* ]]
	[ "$(st-cat out | cut -f 2,3 | tail -n +2)" = "$(printf '1\tyes\n0\t\n0\t\n1\tyes')" ]
	[ "$(find out/storage -name data | wc -l)" -eq 2 ]
	# the text that was no answer is not lost
	run -0 st-get out/log 2
	[[ $output == *"status: invalid"*"text:"*maybe* ]]
	# all alike: their code
	run -6 llm-call -T in -o out2 --match never -b 'exec:cat'
	# a later success takes the log away, and what failed is asked again
	run -0 llm-call -T in -o out -b 'exec:cat'
	[ "$(st-cat out/log | cut -f 2 | sort -u | tr '\n' ' ')" = '0 coeff ' ]
}

@test "llm-call: --fail-fast stops after a failure" {
	model=$(counting)
	tensor in '[5]' a b c d e
	run -6 llm-call -T in -o out -S st --fail-fast --match '<a>' -b "$model"
	[ "$(wc -l <ran)" -le 3 ]
	[[ $(statuses) == 'ok invalid '*skipped\ * ]]
	[ "$(wc -l <st)" -eq 6 ]
}

@test "llm-call: kill -9 and run again: nothing is asked twice" {
	model=$(counting)
	echo 'sleep .05' >>count.sh
	tensor in '[12]' a b c d e f g h i j k l
	llm-call -T in -o out -b "$model" &
	has_lines ran 4
	kill -9 $!
	wait $! || :
	sleep .1
	stored=$(st-cat out | grep -c '>$')
	[ "$stored" -ge 2 ]
	[ "$stored" -lt 12 ]
	cp ran before
	run -0 llm-call -T in -o out -b "$model"
	[ "$(st-cat out | grep -c '>$')" -eq 12 ]
	again=$(($(wc -l <ran) - $(wc -l <before)))
	[ "$again" -eq $((12 - stored)) ]
}

@test "llm-call: killed or failing at any write, the next run completes it" {
	inject=${B:-$ROOT/build}/faults/inject
	[ -x "$inject" ] || skip "make unit builds what this needs"
	"$inject" true || skip "no tracing here"
	experience exp
	mkdir start
	tensor start/in '[3]' red red blue
	cp -a exp start
	(cd start && llm-call -T in -o out -e exp)
	# one stays, one has another prompt, one has none any more
	printf blue >start/in/storage/1/data
	rm start/in/storage/2/data
	want=$(printf '%s\t%s\t%s\n' coords coeff text 0 0.5 RED 1 0.5 BLUE 2 0 '')
	for how in '' '-e 28'; do
		# FAULTS_EVERY=1: at each call
		for ((n = ${#how} / 2 + 1; ; n += ${FAULTS_EVERY:-5})); do
			[ "$n" -lt 200 ]
			rm -rf w
			cp -a start w
			cd w
			# shellcheck disable=SC2086
			"$inject" -c ../count $how -n "$n" \
			    llm-call -T in -o out -e exp >../said 2>&1 || :
			run -0 llm-call -T in -o out -e exp
			run -0 st-cat out
			same "$want"
			cd ..
			read -r _ struck <count
			[ "$struck" != - ] || break
		done
		[ "$n" -gt 5 ]
	done
}

@test "llm-call: an interrupt keeps what is finished" {
	model=$(counting)
	echo '[ $p != c ] || sleep 9' >>count.sh
	tensor in '[5]' a b c d e
	for sig in INT TERM; do
		: >ran
		rm -rf out
		# not in the background of a shell, which ignores INT there
		perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' llm-call -T in -o out \
		    -b "$model" -S st >name 2>err &
		has_lines ran 3
		kill -s $sig $!
		code=0
		wait $! || code=$?
		[ "$code" -eq $((128 + $(kill -l $sig))) ]
		[ "$(cat name)" = out ]
		[ "$(statuses)" = 'ok ok skipped skipped skipped ' ]
		[ "$(st-cat out | grep -c '>$')" -eq 2 ]
	done
	echo 'cat' >count.sh
	run -0 llm-call -T in -o out -b "$model"
	[ "$(st-cat out | grep -c 1)" -ge 5 ]
}

@test "llm-call: tensors that cannot take the answers are refused" {
	tensor in '[2]' a b
	tensor other '[3]'
	fails_cleanly llm-call -T in -o other -b exec:cat
	[[ $stderr == *"another shape"* ]]
	fails_cleanly llm-call -T in -o in -b exec:cat
	[[ $stderr == *"holds the prompts"* ]]
	ln -s in link
	fails_cleanly llm-call -T in -o link -b exec:cat
	[ "$(cat in/storage/0/data)" = a ]
	fails_cleanly llm-call -T s -o out -b exec:cat
	[ ! -e out ]
	run -0 llm-call -T in -o out -b exec:cat
	flock -n out/keys bash -c 'llm-call -T in -o out -b exec:cat; echo $?' >o 2>e
	[ "$(cat o)" = 75 ]
	[[ $(cat e) == *"another process"* ]]
	for bad in '-o x' '-S x' '--fail-fast' 'operand' '-s a --system-file b'; do
		# shellcheck disable=SC2086
		fails_cleanly llm-call -b exec:cat $bad <<<x
		[ "$status" -eq 2 ]
	done
}

@test "llm-call: --dry-run shows what would be sent, and sends nothing" {
	needs libcurl
	tensor in '[3]' a b c
	rm in/storage/1/data
	export LU_API_KEY=sk-secret-key
	run -0 llm-fake -l log s llm-call -n -m any -s sys -T in
	[ "$(wc -l <log)" -le 1 ]
	[[ $output != *secret* ]]
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[2]} == "POST http://127.0.0.1:"*/v1/chat/completions ]]
	[ "$(jq -c '[.model, (.messages[] | .content)]' <<<"${lines[3]}")" = \
	    '["any","sys","c"]' ]
	run -0 llm-call -n -b 'exec:rm -rf x' <<<hi
	[ "${lines[0]}" = 'exec rm -rf x' ]
	[ "$(jq -c . <<<"${lines[1]}")" = '{"system":null,"prompt":"hi\n"}' ]
	run -2 llm-call -n -b exec:cat </dev/null
	[ ! -e out ]
}

@test "llm-call: every setting has a flag; the nearer one counts" {
	needs libcurl
	run -0 llm-call --settings
	[ "${lines[0]}" = $'name\tdefault\twhat' ]
	for name in BACKEND MODEL TEMPERATURE RETRIES MAX_COST; do
		grep -q "^$name	" <<<"$output"
	done
	json() { llm-call -n -b openai:http://127.0.0.1:1 "$@" <<<x | tail -n 1; }
	[ "$(LU_MODEL=a json | jq -r .model)" = a ]
	[ "$(LU_MODEL=a json --set MODEL=b | jq -r .model)" = b ]
	[ "$(LU_MODEL=a json --set model=b -m c | jq -r .model)" = c ]
	[ "$(json -m c --set LU_TEMPERATURE=0.5 --set SEED=7 |
	    jq -c '[.temperature, .seed]')" = '[0.5,7]' ]
	echo be brief >sys
	[ "$(json -m c --system-file sys | jq -r '.messages[0].content')" = 'be brief' ]
	for bad in --set=NOSUCH=1 --set=MODEL --set=RETRIES=x -j0 \
	    --set=API_KEY=sk-1 --system-file=nosuch -bnosuch --min-score=2; do
		fails_cleanly llm-call "$bad" <<<x
		[ "$status" -eq 2 ]
	done
	fails_cleanly llm-call -b openai <<<x
	[ "$status" -eq 2 ]
}

@test "llm-call: a server's answers, in order, some at the second attempt" {
	needs libcurl
	script <<-'EOT'
	rule
	    prompt ^(a|c|e)
	    attempt 1
	    status 429
	    header retry-after: 0
	rule
	    prompt ^d
	    status 400
	    body {"error":{"message":"maximum context length is 10","code":"context_length_exceeded"}}
	EOT
	tensor in '[5]' a b c d e
	run -3 --separate-stderr llm-fake -l log s llm-call -T in -o out -m any \
	    -j 5 -S st --usage use
	[ "$(statuses)" = 'ok ok ok overflow ok ' ]
	[ "$(cut -f 3,4 st | tr '\t\n' ': ')" = \
	    'attempts:http 2:200 1:200 2:200 1:400 2:200 ' ]
	[ "$(st-cat out | cut -f 3 | tr '\n' ' ')" = 'text a b c  e ' ]
	run -0 st-get out/log 0
	[[ $output == *ratelimit*429* ]]
	[ "$(wc -l <use)" -eq 6 ]
}

@test "llm-call: a truncated answer is one only when accepted" {
	needs libcurl
	script <<-'EOT'
	rule
	    text half an ans
	    finish length
	EOT
	run -6 --separate-stderr llm-fake s llm-call -m any <<<x
	[ -z "$output" ]
	[[ $stderr == *truncated* ]]
	run -0 llm-fake s llm-call -m any --accept-truncated <<<x
	[ "$output" = 'half an ans' ]
	run -6 llm-fake s llm-call -m any --accept-truncated --match x <<<x
}

@test "llm-call: the cache has what was asked, and nothing that was invalid" {
	needs libcurl
	script <<-'EOT'
	rule
	    text answer @n@
	EOT
	cat >both <<-'EOT'
	for i; do llm-call -m any --cache c $i <<<x; echo " $?"; done
	EOT
	run -0 --separate-stderr llm-fake s bash both \
	    '--match no' '' '' '--sample=1' '--no-cache' '' '--match no'
	[ "${lines[*]}" = ' 6 answer 2 0 answer 2 0 answer 3 0 answer 4 0 answer 2 0  6' ]
	run -9 --separate-stderr llm-call -b replay:c -m any <<<y
	run -0 llm-call -b replay:c -m any <<<x
	[ "$output" = 'answer 2' ]
}

@test "llm-call: a table in place of the name; a command that is not there" {
	st-make -o in a b >made
	run -0 llm-call -T in -o out -b 'exec:tr a-z A-Z' -S -
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == index$'\t'status* && ${lines[2]} == 1$'\t'ok* ]]
	run ! test -e -
	run -127 --separate-stderr llm-call -b exec:no-such-command <<<x
	[[ $stderr == *"not found"* ]]
	: >plain
	run -126 --separate-stderr llm-call -b exec:./plain <<<x
}

@test "llm-call: --shard asks for one part, and leaves the others alone" {
	st-make -o in -s '[5]' a b c d e >/dev/null
	backend=$(counting)
	run -0 llm-call -b "$backend" -T in -o out --shard 1/2 -S st
	[ "$(sort ran)" = "$(printf 'b\nd')" ]
	[ "$(cut -f 1 st | xargs)" = "index 1 3" ]
	[ "$(st-cat -N out | awk '$2 { print $1 $3 }' | xargs)" = "1<b> 3<d>" ]
	run -0 llm-call -b "$backend" -T in -o out --shard 0/2
	run -0 st-cat -N out
	same "$(printf '%s\t1\t%s\n' 0 '<a>' 1 '<b>' 2 '<c>' 3 '<d>' 4 '<e>')"
	[ "$(wc -l <ran)" -eq 5 ]
	run -0 llm-call -b exec:cat -T in --shard 3/9 -n
	[ "${lines[1]}" = '{"system":null,"prompt":"d"}' ]
	[ "${#lines[@]}" -eq 2 ]
	fails_cleanly llm-call -b "$backend" --shard 0/2 <in/shape
}
