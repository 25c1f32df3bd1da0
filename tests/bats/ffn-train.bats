#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ffn-train: prints its operands" {
	run -0 --separate-stderr ffn-train a b
	same "$(printf 'a\nb')"
}
