/*
 * inject - run a command, and strike at its n-th system call
 *
 *	inject [-a] [-c FILE] [-e ERRNO] [-n N] COMMAND [ARG...]
 *
 * Without -n it counts. With -n the command and all it started are killed (as
 * by kill -9) before that call happens, or, with -e, the call does not happen
 * and fails with that number. Only calls that change files count, -a: all.
 * -c FILE gets "COUNT NAME": how many calls there were up to the end or the
 * strike, and which call was struck ("-" when none). The exit status is the
 * command's, 137 after a kill. Traced with ptrace(2), so that statically
 * linked programs and calls that bypass libc are seen as well.
 */
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef __x86_64__
int
main(void)
{
    errx(77, "knows the registers of x86-64 only");
}
#else

static const struct call {
    long nr;
    const char *name;
    int flags; /* 1 + argument that decides, or 0: always */
} calls[] = {
    { SYS_write, "write", 0 },
    { SYS_pwrite64, "pwrite", 0 },
    { SYS_writev, "writev", 0 },
    { SYS_pwritev, "pwritev", 0 },
    { SYS_pwritev2, "pwritev2", 0 },
    { SYS_sendfile, "sendfile", 0 },
    { SYS_copy_file_range, "copy_file_range", 0 },
    { SYS_splice, "splice", 0 },
    { SYS_open, "open", 2 },
    { SYS_openat, "openat", 3 },
    { SYS_openat2, "openat2", 0 },
    { SYS_creat, "creat", 0 },
    { SYS_rename, "rename", 0 },
    { SYS_renameat, "renameat", 0 },
    { SYS_renameat2, "renameat2", 0 },
    { SYS_unlink, "unlink", 0 },
    { SYS_unlinkat, "unlinkat", 0 },
    { SYS_rmdir, "rmdir", 0 },
    { SYS_mkdir, "mkdir", 0 },
    { SYS_mkdirat, "mkdirat", 0 },
    { SYS_mknod, "mknod", 0 },
    { SYS_mknodat, "mknodat", 0 },
    { SYS_symlink, "symlink", 0 },
    { SYS_symlinkat, "symlinkat", 0 },
    { SYS_link, "link", 0 },
    { SYS_linkat, "linkat", 0 },
    { SYS_fsync, "fsync", 0 },
    { SYS_fdatasync, "fdatasync", 0 },
    { SYS_syncfs, "syncfs", 0 },
    { SYS_sync_file_range, "sync_file_range", 0 },
    { SYS_msync, "msync", 0 },
    { SYS_ftruncate, "ftruncate", 0 },
    { SYS_truncate, "truncate", 0 },
    { SYS_fallocate, "fallocate", 0 },
    { SYS_chmod, "chmod", 0 },
    { SYS_fchmod, "fchmod", 0 },
    { SYS_fchmodat, "fchmodat", 0 },
    { SYS_utimensat, "utimensat", 0 },
    { SYS_ioctl, "ioctl", -1 }, /* FICLONE */
};

enum { MAX_TASKS = 4096 };
static struct task {
    pid_t pid;
    int inside;  /* between entry and exit of a call */
    int failing; /* the call at hand is to fail */
} tasks[MAX_TASKS];
static int all, failure, ntasks;
static long at, count;
static char which[32] = "-";

static struct task *
task(pid_t pid)
{
    for (int i = 0; i < ntasks; i++)
        if (tasks[i].pid == pid)
            return &tasks[i];
    if (ntasks == MAX_TASKS)
        errx(2, "too many processes");
    tasks[ntasks] = (struct task){ .pid = pid };
    return &tasks[ntasks++];
}

static void
gone(pid_t pid)
{
    *task(pid) = tasks[ntasks - 1];
    ntasks--;
}

/* 1 when the call counts; its name goes to which. */
static int
counts(const struct user_regs_struct *r)
{
    long nr = (long)r->orig_rax;
    unsigned long flags;

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].nr != nr)
            continue;
        snprintf(which, sizeof which, "%s", calls[i].name);
        flags = calls[i].flags == 2 ? r->rsi : r->rdx;
        if (calls[i].flags < 0)
            return all || r->rsi == 0x40049409;
        return all || !calls[i].flags ||
               flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR);
    }
    snprintf(which, sizeof which, "call-%ld", nr);
    return all ||
           (nr == SYS_mmap && r->r10 & MAP_SHARED && r->rdx & PROT_WRITE);
}

static void
save(const char *file)
{
    FILE *fp = file ? fopen(file, "w") : NULL;

    if (file &&
        (!fp || fprintf(fp, "%ld %s\n", count, which) < 0 || fclose(fp)))
        err(2, "%s", file);
}

static void
kill_all(void)
{
    while (ntasks > 0) {
        for (int i = 0; i < ntasks; i++)
            kill(tasks[i].pid, SIGKILL);
        pid_t p = waitpid(-1, NULL, __WALL);
        if (p < 0)
            break;
        for (int i = 0; i < ntasks; i++)
            if (tasks[i].pid == p) {
                gone(p);
                break;
            }
    }
}

/* Entry to or exit from a call. 1: strike, kill. */
static int
step(struct task *t)
{
    struct user_regs_struct r;

    if (ptrace(PTRACE_GETREGS, t->pid, 0, &r) < 0)
        return 0;
    if (t->inside) {
        if (t->failing) {
            r.rax = (unsigned long)-failure;
            ptrace(PTRACE_SETREGS, t->pid, 0, &r);
        }
        t->inside = t->failing = 0;
        return 0;
    }
    t->inside = 1;
    if ((at && count >= at) || !counts(&r) || ++count != at)
        return 0;
    if (!failure)
        return 1;
    r.orig_rax = (unsigned long)-1;
    ptrace(PTRACE_SETREGS, t->pid, 0, &r);
    t->failing = 1;
    return 0;
}

/* Follow the command to its end; its exit status, 137 when struck dead. */
static int
trace(pid_t first)
{
    int status = 0, result = 0;
    pid_t p;

    while (ntasks > 0 && (p = waitpid(-1, &status, __WALL)) > 0) {
        int sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
        if (!sig) {
            if (p == first)
                result = WIFEXITED(status) ? WEXITSTATUS(status)
                                           : 128 + WTERMSIG(status);
            task(p);
            gone(p);
            continue;
        }
        if (sig == (SIGTRAP | 0x80)) {
            if (step(task(p))) {
                kill_all();
                return 137;
            }
            sig = 0;
        } else if (status >> 16) {
            sig = 0; /* fork, exec and the like */
        } else if (sig == SIGSTOP && !task(p)->inside) {
            sig = 0; /* a new process starts stopped */
        }
        task(p);
        ptrace(PTRACE_SYSCALL, p, 0, sig);
    }
    return result;
}

static pid_t
start(char **argv)
{
    pid_t p = fork();

    if (p == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execvp(argv[0], argv);
        err(127, "%s", argv[0]);
    }
    if (p < 0 || waitpid(p, NULL, 0) < 0 ||
        ptrace(PTRACE_SETOPTIONS, p, 0,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
                   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC) < 0)
        err(77, "cannot trace");
    task(p);
    ptrace(PTRACE_SYSCALL, p, 0, 0);
    return p;
}

int
main(int argc, char *argv[])
{
    const char *file = NULL;
    int c, status;

    while ((c = getopt(argc, argv, "+ac:e:n:")) != -1)
        switch (c) {
        case 'a': all = 1; break;
        case 'c': file = optarg; break;
        case 'e': failure = (int)strtol(optarg, NULL, 10); break;
        case 'n': at = strtol(optarg, NULL, 10); break;
        default: return 2;
        }
    if (optind == argc)
        errx(2, "usage: inject [-a] [-c file] [-e errno] [-n n] command ...");
    status = trace(start(argv + optind));
    if (!at || count < at)
        snprintf(which, sizeof which, "-");
    save(file);
    return status;
}
#endif
