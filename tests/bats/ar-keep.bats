#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-keep: prints its operands" {
	run -0 --separate-stderr ar-keep a b
	same "$(printf 'a\nb')"
}
