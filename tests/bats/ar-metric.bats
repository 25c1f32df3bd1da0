#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-metric: prints its operands" {
	run -0 --separate-stderr ar-metric a b
	same "$(printf 'a\nb')"
}
