#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-init: prints its operands" {
	run -0 --separate-stderr ar-init a b
	same "$(printf 'a\nb')"
}
