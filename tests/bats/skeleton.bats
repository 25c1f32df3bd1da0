#!/usr/bin/env bats
# What holds the tools together: make, check, layers, new-tool, install.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	made=${B:-$ROOT/build}
	unset BIN B SAN # or the makes and the bats below would use them
}

# A tree with the plumbing and no tools, built, to copy.
setup_file() {
	unset BIN B SAN
	mkdir "$BATS_FILE_TMPDIR/tree" && cd "$BATS_FILE_TMPDIR/tree" || return
	mkdir -p bin lib man tests/bats tests/unit .ci
	cp "$ROOT/Makefile" "$ROOT/README.md" "$ROOT/.clang-format" .
	cp "$ROOT/.ci/run" .ci/
	cp -R "$ROOT/lib/common" lib/
	cp -R "$ROOT/scripts" .
	cp "$ROOT/man/learnutils.7" man/
	cp "$ROOT/tests/bats/helper.bash" "$ROOT/tests/bats/contract.bats" \
	    tests/bats/
	cp "$ROOT/tests/unit/check.h" "$ROOT/tests/unit/common.c" tests/unit/
	scripts/dev/tools-table
	build unit
}

# small - go to a copy of that tree.
small() {
	cp -a "$BATS_FILE_TMPDIR/tree" . && cd tree || return
}

# build [ARG...] - make without a word, quickly.
build() {
	make -s CFLAGS=-O0 PKGS= "$@"
}

# ours - the files that are part of the project.
ours() {
	(cd "$ROOT" && { git ls-files --cached --others --exclude-standard \
	    2>/dev/null | grep . || find . -type f ! -path './build/*' \
	    ! -path './demo/*' ! -path './libexec/*' ! -path './.git/*' | sed 's,^\./,,' |
	    grep -v '^bin/[^.]*$'; })
}

@test "make: help lists every target" {
	sed -n '/^\.PHONY:/,/[^\\]$/p' "$ROOT/Makefile" | tr -d '\\' |
	    sed 's/^\.PHONY://' | xargs -n 1 | grep -vx FORCE | sort >want
	[ "$(wc -l <want)" -gt 10 ]
	make -s -C "$ROOT" help | awk '{ print $1 }' | sort >got
	diff want got
	run -0 make -s -C "$ROOT" help
	for line in "${lines[@]}"; do
		[[ $line =~ ^[a-z-]+\ +[a-z] ]]
	done
}

@test "make: the second make does nothing, a header rebuilds its users" {
	small
	run -0 make CFLAGS=-O0 PKGS= unit
	[[ $output != *" -o "* ]]
	touch lib/common/crc32.h
	run -0 make CFLAGS=-O0 PKGS= unit
	[ "$(grep -Eo -- '-c -o [^ ]*' <<<"$output" | sort | xargs)" = \
	    "-c -o build/lib/common/crc32.o -c -o build/tests/unit/common.o" ]
}

@test "make: other flags rebuild everything, once" {
	small
	find lib -name '*.c' ! -name crc32.c ! -name why.c -delete
	echo 'int main(void) { return 0; }' >tests/unit/common.c
	build unit
	run -0 make CFLAGS=-O1 PKGS= unit
	[ "$(grep -Eo -- ' -O1 .*-c -o [^ ]*' <<<"$output" | sed 's/.* //' | sort |
	    xargs)" = "build/lib/common/crc32.o build/lib/common/why.o \
build/tests/unit/common.o" ]
	run -0 make CFLAGS=-O1 PKGS= unit
	[[ $output != *" -o "* ]]
}

@test "make: builds without OpenBLAS or any other package" {
	[ -n "$(tools)" ]
	mkdir bin
	cp -a "$ROOT/Makefile" "$ROOT/lib" "$ROOT/kernels" .
	cp -a "$ROOT"/bin/*.c bin/
	# Only what reads a file that asks for packages can differ without them:
	# the other objects are taken from where they were made.
	has='HAVE_|LU_PARTS|<(curl|cjson|openblas)/|<(cblas|zlib)'
	asks=$(grep -lE "$has" -r lib kernels bin | sort)
	[ "$(wc -w <<<"$asks")" -gt 10 ]
	build build/flags
	if ! grep -q fsanitize "$made/flags"; then
		cp -a "$made/bin" "$made/lib" "$made/kernels" build/
		touch -d @0 build/flags # or they would be made again
		(cd build && grep -lFw "$asks" */*.d */*/*.d | sed 's/\.d$/.o/' |
		    xargs rm)
	fi
	objects=(bin/*.c)
	objects=("${objects[@]/#/build/}")
	objects=("${objects[@]/%.c/.o}")
	run -0 build -j2 build/liblearn.a bin/ffn-train bin/llm-call \
	    bin/degen-check "${objects[@]}"
	same ""
	# all tools at once, for the sake of symbols that are nowhere
	run -0 cc -o all -Wl,-z,muldefs -Wl,--whole-archive build/liblearn.a \
	    -Wl,--no-whole-archive "${objects[@]}" -lm -pthread
	for t in bin/ffn-train bin/llm-call bin/degen-check ./all; do
		run -0 "$t" --version
		[[ $output != *+* ]]
		run ! grep -E 'blas|curl|cjson|libz' <(ldd "$t")
	done
}

@test "new-tool: the new tool builds, passes its tests and the contract" {
	small
	run -0 --separate-stderr scripts/dev/new-tool st-size \
	    "print the size of tensors, and/or names"
	same "bin/st-size.c
man/st-size.1
tests/bats/st-size.bats"
	run -0 build
	same ""
	run -0 bats tests/bats
	[[ $output != *"not ok"* ]]
	grep -q '^| `st-size` | print the size of tensors, and/or names |' README.md
	run -0 scripts/dev/tools-table -c
	run -0 clang-format -n -Werror bin/st-size.c
	run -0 scripts/dev/layers build
}

@test "new-tool: what the contract catches in a new tool" {
	small
	scripts/dev/new-tool st-size "print the size of tensors"
	while IFS='|' read -r file test edit; do
		cp "$file" kept
		sed -i "$edit" "$file"
		! cmp -s kept "$file" || { echo "$edit: no change"; return 1; }
		build
		if bats -f "$test" tests/bats/contract.bats >log; then
			echo "not caught: $edit"
			return 1
		fi
		grep -q "^not ok.*$test" log || { cat log; echo "$edit"; return 1; }
		cp kept "$file"
	done <<-'EDITS'
		bin/st-size.c|SYNOPSIS|s/\[name/[names/
		bin/st-size.c|NAME|s/\.what = "print/.what = "count/
		bin/st-size.c|each option|s/"null", OPT/"nul", OPT/
		bin/st-size.c|EXIT|s/X_YES, X_FAIL, -1/X_YES, X_NO, X_FAIL, -1/
		bin/st-size.c|sorted|s/'0', "null"/'z', "null"/
		man/st-size.1|each option|s/^\.It Fl j/.It Fl q , -quiet\nNo talk.\n&/
		man/st-size.1|EXIT|s/^\.It 2/.It 3/
		bin/st-size.c|unknown|s/int first = /int first = argc > 1 ? 1 : /
		bin/st-size.c|lost|s/int first = /if (argc > 1) return 0;\n    &/
	EDITS
	build
	run -0 bats tests/bats/contract.bats
	rm tests/bats/st-size.bats
	run ! bats tests/bats/contract.bats
}

@test "new-tool: a bad name or description is exit 2 and makes nothing" {
	small
	before=$(find . -type f | sort | xargs cksum)
	for name in '' size Size-up st-Size st_size -h st- -size 'st size' \
	    ../st-size st-size/x 'st-a
b' 1st-size; do
		run -2 --separate-stderr scripts/dev/new-tool "$name" "do it"
		[ -z "$output" ]
		[[ $stderr == "new-tool: "*"usage: new-tool "* ]]
	done
	for what in '' 'Do it' 'do it.' 'say "x"' 'a\b' 'a
b'; do
		run -2 scripts/dev/new-tool st-size "$what"
	done
	run -2 scripts/dev/new-tool st-size
	[ "$before" = "$(find . -type f | sort | xargs cksum)" ]
}

@test "new-tool: what exists is left as it is" {
	small
	for f in bin/st-size.c bin/st-size.sh man/st-size.1 tests/bats/st-size.bats; do
		echo mine >"$f"
		run -1 --separate-stderr scripts/dev/new-tool st-size "do it"
		[[ $stderr == "new-tool: $f exists" ]]
		[ "$(cat "$f")" = mine ]
		rm "$f"
		run -0 find . -name 'st-size*'
		same ""
	done
}

@test "new-tool: when it cannot finish it leaves nothing" {
	small
	rm scripts/dev/template/@.bats
	run ! scripts/dev/new-tool st-size "do it"
	run -0 find . -name 'st-size*'
	same ""
}

@test "layers: the tree as it is passes; planted violations do not" {
	small
	mkdir lib/st lib/num
	echo 'int st_x(void) { return 0; }' >lib/st/st.c
	build CFLAGS='-O0 -w' build/liblearn.a
	run -0 scripts/dev/layers build
	same ""
	while IFS='|' read -r file text want; do
		printf '%b' "$text" >"$file"
		build CFLAGS='-O0 -w' build/liblearn.a
		run -1 scripts/dev/layers build
		[[ $output == *"$want"* ]] || { echo "$file: $output"; return 1; }
		rm "$file"
	done <<-'PLANTED'
		lib/common/bad.h|#include "st/st.h"\n|lib/common must not include st
		lib/num/bad.h| # include "st/st.h"\n|lib/num must not include st
		lib/st/bad.c|#include <stdlib.h>\nvoid f(void) { exit(1); }\n|lib/st/bad.c must not exit
		lib/st/bad.c|#include <stdio.h>\nvoid f(int i) { printf("%d", i); }\n|lib/st/bad.c must not exit or print
		lib/st/bad.c|#include <stdio.h>\nvoid f(void) { fputs("x", stderr); }\n|lib/st/bad.c must not exit or print
		lib/st/bad.c|#include <err.h>\nvoid f(void) { warnx("x"); }\n|lib/st/bad.c must not exit or print
		bin/bad.c|#include <string.h>\nvoid f(char *s) { strcpy(s, "x"); }\n|safer twin
	PLANTED
	mkdir lib/new
	run -1 scripts/dev/layers build
	[[ $output == "layers: lib/new is in no layer" ]]
	rmdir lib/new
	rm build/lib/st/st.o
	run -1 scripts/dev/layers build
	[[ $output == "layers: build/lib/st/st.o is not built" ]]
}

@test "install: tools and pages go where asked; uninstall takes them away" {
	small
	scripts/dev/new-tool st-size "print the size of tensors"
	printf '#!/bin/sh\necho hello\n' >bin/st-hello.sh
	run -0 build install DESTDIR="$PWD/d" PREFIX=/opt/lu
	run -0 sh -c 'cd d && find . -type f | sort'
	same "./opt/lu/bin/st-hello
./opt/lu/bin/st-size
./opt/lu/share/man/man1/st-size.1
./opt/lu/share/man/man7/learnutils.7"
	run -0 d/opt/lu/bin/st-size a
	same a
	run -0 d/opt/lu/bin/st-hello
	same hello
	echo theirs >d/opt/lu/bin/other
	run -0 build uninstall DESTDIR="$PWD/d" PREFIX=/opt/lu
	run -0 build uninstall DESTDIR="$PWD/d" PREFIX=/opt/lu
	run -0 sh -c 'cd d && find . -type f'
	same "./opt/lu/bin/other"
}

@test "clean: leaves only what was there" {
	small
	scripts/dev/new-tool st-size "print the size of tensors"
	before=$(find . -type f ! -path './build/*' | sort)
	build all unit
	[ -x bin/st-size ]
	build clean
	[ "$before" = "$(find . -type f | sort)" ]
}

@test "ci: runs make test and gives its status" {
	small
	mkdir fake
	printf '#!/bin/sh\necho "$PWD: make $*"\nexit 7\n' >fake/make
	chmod +x fake/make
	run -7 env PATH="$PWD/fake:$PATH" bash -c 'cd / && "$0"' "$PWD/.ci/run"
	same "$PWD: make test"
}

# prog NAME BODY - a test program; case NAME BODY - a file with one bats test.
prog() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

case_file() {
	printf '@test "%s" {\n%s\n}\n' "$1" "$2" >"$1.bats"
}

check() {
	UNIT=${progs-} run --separate-stderr "$ROOT/scripts/dev/check" "$@"
}

@test "check: ends with the count, and says nothing else when all is well" {
	prog good 'echo "ok one"; echo "ok two"'
	case_file fine true
	progs="$PWD/good $PWD/good" check "$PWD/fine.bats"
	[ "$status" -eq 0 ]
	same "5 passed, 0 failed"
	case_file skipped 'skip "no need"'
	progs="$PWD/good" check "$PWD/fine.bats" "$PWD/skipped.bats"
	[ "$status" -eq 0 ]
	same "ok 2 skipped # skip no need
3 passed, 0 failed, 1 skipped"
	progs="$PWD/good" check -u
	[ "$status" -eq 0 ]
	same "2 passed, 0 failed"
	prog bad 'echo "ok one"; exit 3'
	progs="$PWD/good $PWD/bad" check -u
	[ "$status" -eq 1 ]
	same "not ok bad: exit status 3
3 passed, 1 failed"
}

@test "check: a unit test that fails is shown with its reason" {
	prog bad 'echo "# talk"; echo "ok one"; echo "# x.c:1: a == b"
	    echo "not ok two"; echo "# talk"; echo "ok three"; exit 1'
	case_file fine true
	progs=$PWD/bad check "$PWD/fine.bats"
	[ "$status" -eq 1 ]
	same "# x.c:1: a == b
not ok two
3 passed, 1 failed"
}

@test "check: a unit test that dies or has no result fails" {
	case_file fine true
	prog dies 'echo "ok one"; kill -9 $$'
	progs=$PWD/dies check "$PWD/fine.bats"
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == "2 passed, 1 failed" ]]
	prog mute true
	progs=$PWD/mute check "$PWD/fine.bats"
	[ "$status" -eq 1 ]
	same "not ok mute: no result
1 passed, 1 failed"
	progs=$PWD/none check "$PWD/fine.bats"
	[ "$status" -eq 1 ]
}

@test "check: a bats test that fails, or a file that cannot be read, fails" {
	case_file fine true
	case_file bad 'echo why; false'
	check "$PWD/fine.bats" "$PWD/bad.bats"
	[ "$status" -eq 1 ]
	[[ $output == *"not ok 2 bad"*"# why"*"1 passed, 1 failed" ]]
	echo '@test "x" {' >broken.bats
	check "$PWD/fine.bats" "$PWD/broken.bats"
	[ "$status" -eq 1 ]
	check "$PWD/nothing.bats"
	[ "$status" -eq 1 ]
}

@test "lint: shellcheck sees every script" {
	cd "$ROOT"
	{
		ours | tr '\n' '\0' | xargs -0 awk 'FNR > 1 { nextfile }
		    /^#!.*(sh|bats)$/ { print FILENAME }' |
		    grep -v '^scripts/dev/template/'
		ours | grep '\.bash$'
	} | sort -u >"$BATS_TEST_TMPDIR/want"
	make -n lint | sed -n 's/^shellcheck -S warning //p' | xargs -n 1 |
	    grep -vxE -e "-e|SC2154|" | sort -u >"$BATS_TEST_TMPDIR/got"
	cd "$BATS_TEST_TMPDIR"
	[ "$(wc -l <want)" -gt 10 ]
	diff want got
}

@test "lint: the project speaks of itself alone" {
	cd "$ROOT"
	# TODO alone is what an element says that is to be filled
	words='/wor[k]/|TOD[O][:(]|FIXM[E]|shared/spe[c]|prototype[s]/|STYLE[.]md'
	ours | tr '\n' '\0' | xargs -0 grep -nIE "$words" /dev/null >"$BATS_TEST_TMPDIR/found" || :
	run -0 cat "$BATS_TEST_TMPDIR/found"
	same ""
}

@test "lint: text files end in a newline, and lines not in blanks" {
	cd "$ROOT"
	# logs under tests/traj are as agents leave them
	ours | grep -v '^tests/traj/' |
	    grep -E '\.(c|h|[1-9]|md|bats|bash|sh)$|^scripts/' >"$BATS_TEST_TMPDIR/text"
	mapfile -t text <"$BATS_TEST_TMPDIR/text"
	[ "${#text[@]}" -gt 100 ]
	tail -qc 1 "${text[@]}" >"$BATS_TEST_TMPDIR/ends"
	run -1 grep -nv '^$' "$BATS_TEST_TMPDIR/ends" # the number of the file
	# tables may end in empty fields
	run -1 grep -nE ' +$' "${text[@]}" /dev/null
	same ""
	grep -vE '^(man|tests)/' "$BATS_TEST_TMPDIR/text" | tr '\n' '\0' |
	    xargs -0 awk '/[ \t]$/ { print FILENAME ":" FNR }' >"$BATS_TEST_TMPDIR/found"
	run -0 cat "$BATS_TEST_TMPDIR/found"
	same ""
}
