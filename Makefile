# learnutils - see "make help". Local settings go in config.mk (untracked).
-include config.mk
MAKEFLAGS += --no-print-directory

VERSION  := 0.1.0
PREFIX   ?= /usr/local
BINDIR   ?= $(PREFIX)/bin
MANDIR   ?= $(PREFIX)/share/man
CFLAGS   ?= -O2 -g
# Numeric loops only. Never -ffast-math: it makes isnan() false.
KFLAGS   ?= -O3 -fopenmp-simd -ffp-contract=fast -fno-math-errno -fno-trapping-math
B        ?= build
BIN      ?= bin

# Each part is optional: "make PKGS=" builds with a compiler alone.
PKGS     := $(foreach p,libcurl libcjson openblas zlib,$(shell pkg-config --exists $p 2>&1 && echo $p))
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	    -Wwrite-strings -Wpointer-arith -Wvla -Wformat=2 -Wno-missing-field-initializers
OURCPP   := -Ilib -Ikernels -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE \
	    -DLU_VERSION='"$(VERSION)"' -DLU_PARTS='"$(PKGS:%= +%)"'
# gcc sees NULL where the sanitizer only checks for it: no format-overflow.
OURC     := -std=c11 $(WARN) $(SAN:%=-fsanitize=% -fno-omit-frame-pointer \
	    -fno-sanitize-recover=all -Wno-format-overflow)
OURLD    := -Wl,--as-needed $(SAN:%=-fsanitize=%)
OURLIBS  := -lm -pthread
ifneq ($(PKGS),)
OURCPP   += $(shell pkg-config --cflags $(PKGS)) \
	    $(addprefix -DHAVE_,$(shell echo $(PKGS) | tr a-z A-Z))
OURLIBS  += $(shell pkg-config --libs $(PKGS))
endif

PROGS    := $(patsubst bin/%.c,$(BIN)/%,$(wildcard bin/*.c))
SCRIPTS  := $(patsubst bin/%.sh,$(BIN)/%,$(wildcard bin/*.sh))
LIBOBJ   := $(patsubst %.c,$B/%.o,$(wildcard lib/*/*.c kernels/*.c))
UNIT     := $(patsubst tests/%.c,$B/%,$(wildcard tests/unit/*.c))
FAULTS   := $(patsubst tests/%.c,$B/%,$(wildcard tests/faults/*.c))
LIB      := $B/liblearn.a
SOURCES  := $(wildcard bin/*.c plugins/*.c lib/*/*.[ch] kernels/*.[ch] kernels/*.hip tests/*/*.[ch])
SHELLS   := $(shell grep -lE '^\#!.*(sh|bats)$$' .ci/run bin/*.sh scripts/* \
	      scripts/dev/* tests/*/* examples/*/* 2>/dev/null) \
	    $(wildcard tests/*/*.bash)
PAGES    := $(wildcard man/*.[1-9])
COMPILE   = $(CC) $(OURCPP) $(CPPFLAGS) $(OURC) $(CFLAGS) -MMD -MP
J         = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
LINK      = $(CC) $(OURLD) $(LDFLAGS) -o $@ $^ $(OURLIBS) $(LDLIBS)

.PHONY: all test check check-faults unit demo bench fuzz lint format asan \
	asan-unit deps install uninstall clean help FORCE
.DELETE_ON_ERROR .SECONDARY:

all: $(PROGS) $(SCRIPTS)	## build every tool into bin/

$(PROGS): $(BIN)/%: $B/bin/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK)

$(SCRIPTS): $(BIN)/%: bin/%.sh
	@mkdir -p $(@D)
	install -m 755 $< $@

$B/%: $B/tests/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK)

$(LIB): $(LIBOBJ)
	rm -f $@ && $(AR) rcs $@ $^

$B/kernels/%.o: kernels/%.c $B/flags
	@mkdir -p $(@D)
	$(COMPILE) $(KFLAGS) -c -o $@ $<

$B/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$B/flags: FORCE		# rebuild everything when the flags change
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(COMPILE) $(KFLAGS) $(OURLIBS))' | cmp -s - $@ || \
	 echo '$(subst ','\'',$(COMPILE) $(KFLAGS) $(OURLIBS))' >$@

test: deps			## install what is missing, build, run every check
	+$(MAKE) $J lint
	+$(MAKE) $J asan-unit
	+$(MAKE) $J check

check: all unit			## unit tests and tests/bats; ends with a count
	BIN=$(abspath $(BIN)) B=$(abspath $B) UNIT="$(abspath $(UNIT))" scripts/dev/check

unit: $(UNIT) $(FAULTS)		## build the programs of the tests

asan-unit:			## the unit tests alone under ASan and UBSan
	+$(MAKE) B=build/asan SAN=address,undefined CFLAGS='-O1 -g1' unit
	UNIT="$(UNIT:$B/%=build/asan/%)" scripts/dev/check -u

asan:				## every check under ASan and UBSan
	+$(MAKE) B=build/asan BIN=build/asan/run SAN=address,undefined CFLAGS='-O1 -g1' check

check-faults: all $(FAULTS)		## kill -9 and errors at every system call
	BIN=$(abspath $(BIN)) B=$(abspath $B) tests/faults/run -a

demo:				## the main job: an autoresearch loop on real text
	scripts/deps demo
	+$(MAKE) $J all
	BIN=$(abspath $(BIN)) examples/autoresearch/run.sh demo

bench: all $(patsubst tests/%.c,$B/%,$(wildcard tests/bench/*.c))	## speed, as ratios against a peer in the same run
	@for b in tests/bench/*.sh; do BIN=$(abspath $(BIN)) B=$(abspath $B) sh $$b || exit; done

fuzz:				## broken logs for every importer of lib/traj
	scripts/dev/fuzz

deps:				## name what is missing and install it with apt
	scripts/deps

lint: all lint-c lint-shell	## static checks
	mandoc -T lint -W warning $(PAGES) </dev/null
	scripts/dev/layers $B

# POSIX makes NULL a pointer, and numbers are cut out of blocks of bytes.
lint-c:
	cppcheck -q -j2 --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability \
	  --suppress=missingIncludeSystem --suppress=varFuncNullUB -Ilib -Ikernels bin lib kernels
	clang-format -n -Werror $(SOURCES)
	printf '%s\n' $(filter-out plugins/%,$(filter %.c,$(SOURCES))) | xargs -P2 -n50 \
	  clang -fsyntax-only -Werror $(OURCPP) -std=c11 $(WARN)

lint-shell:
	shellcheck -S warning $(filter-out tests/bats/%,$(SHELLS))
	shellcheck -S warning -e SC2154 $(filter tests/bats/%,$(SHELLS))

format:				## reformat the C sources, renew the tool tables
	clang-format -i $(SOURCES) && scripts/dev/tools-table

install: all			## install under $(DESTDIR)$(PREFIX)
	install -D -m 755 -t $(DESTDIR)$(BINDIR) $(PROGS) $(SCRIPTS)
	for m in $(PAGES); do install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$${m##*.} $$m || exit; done

uninstall:			## undo install
	cd $(DESTDIR)$(BINDIR) && rm -f $(notdir $(PROGS) $(SCRIPTS))
	for m in $(notdir $(PAGES)); do rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done

clean:				## remove everything built
	rm -rf build $(PROGS) $(SCRIPTS)

help:				## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

-include plugins/rules.mk $(wildcard $B/bin/*.d $B/lib/*/*.d $B/kernels/*.d $B/tests/*/*.d)
