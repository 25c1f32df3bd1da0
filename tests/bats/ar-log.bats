#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-log: prints its operands" {
	run -0 --separate-stderr ar-log a b
	same "$(printf 'a\nb')"
}
