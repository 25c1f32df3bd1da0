#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ffn-info: prints its operands" {
	run -0 --separate-stderr ffn-info a b
	same "$(printf 'a\nb')"
}
