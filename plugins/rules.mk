# Parts that a tool opens when it needs them, each only where what it is made
# of is installed ("make MPICC=" leaves it out). They lie where "make install"
# puts them, seen from the tools, so that both are found the same way.
ifndef MPICC
MPICC    := $(shell mpicc -E -include mpi.h -xc /dev/null >/dev/null 2>&1 && \
	    echo mpicc)
endif
PLUGINS  := $(if $(MPICC),$(BIN)/../libexec/learnutils/comm_mpi.so)

all: $(PLUGINS)

$(BIN)/../libexec/learnutils/comm_mpi.so: plugins/comm_mpi.c \
  lib/num/comm_link.h lib/common/why.h $B/flags
	@mkdir -p $(@D)
	$(MPICC) -Ilib -std=c11 $(WARN) $(CFLAGS) -fPIC -shared -o $@ $<

install: install-plugins
install-plugins: all
	for p in $(PLUGINS); do install -D -m 755 -t \
	  $(DESTDIR)$(BINDIR)/../libexec/learnutils $$p || exit; done

uninstall: uninstall-plugins
uninstall-plugins:
	rm -f $(DESTDIR)$(BINDIR)/../libexec/learnutils/comm_mpi.so

clean: clean-plugins
clean-plugins:
	rm -f $(PLUGINS)

.PHONY: install-plugins uninstall-plugins clean-plugins
