#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "bpb-eval: prints its operands" {
	run -0 --separate-stderr bpb-eval a b
	same "$(printf 'a\nb')"
}
