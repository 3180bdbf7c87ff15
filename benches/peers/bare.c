/* The system calls that nobody can do without, and nothing else: what a program costs more than this
 * is its own. `bare WHAT TREE HOME LIST` does it for every path in LIST (one a line, files of one
 * folder next to each other) and prints the nanoseconds.
 *
 * `bare run PROGRAM ARGUMENT...` runs a program and prints its nanoseconds, the kilobytes of its
 * largest resident set, and its exit status. A small program must do that: what a process holds when
 * it calls fork(2) counts as its child's. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20];

static void check(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

/* Makes a folder and those above it. */
static void folders(char *path) {
    for (char *at = strchr(path + 1, '/');; at = strchr(at + 1, '/')) {
        if (at) *at = 0;
        check(mkdir(path, 0755) == 0 || errno == EEXIST, path);
        if (!at) return;
        *at = '/';
    }
}

static void copy(int from, int to, const char *name) {
    int in = openat(from, name, O_RDONLY | O_CLOEXEC), out;
    check(in >= 0, name);
    out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    check(out >= 0, name);
    for (ssize_t n; (n = read(in, buffer, sizeof buffer)) > 0;) check(write(out, buffer, n) == n, name);
    close(in);
    close(out);
}

static void list(int folder) {
    int own = dup(folder);
    DIR *dir = fdopendir(own);
    check(dir != NULL, "fdopendir");
    while (readdir(dir)) {}
    closedir(dir);
}

static long long since(struct timespec start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start.tv_sec) * 1000000000LL + now.tv_nsec - start.tv_nsec;
}

/* What the program prints goes to stderr. */
static int run(char **argv) {
    struct timespec start;
    struct rusage usage;
    int status = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = vfork();
    if (child == 0) {
        dup2(2, 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    check(child > 0 && wait4(child, &status, 0, &usage) == child, argv[0]);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    printf("%lld %ld %d\n", since(start), usage.ru_maxrss, status);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "run")) return run(argv + 2);
    if (argc != 5) {
        fputs("usage: bare links|copies|copysync|look|looks TREE HOME LIST\n", stderr);
        return 2;
    }
    const char *what = argv[1];
    char path[8192], target[8192], last[8192] = "\n";
    int from = -1, to = -1, copies = !strncmp(what, "copy", 4) || !strcmp(what, "copies");
    struct stat found;
    struct timespec start;
    FILE *paths = fopen(argv[4], "r");
    check(paths != NULL, argv[4]);
    size_t size = fread(buffer, 1, sizeof buffer - 1, paths), at = 0;
    check(size < sizeof buffer - 1, "the list is too long");
    char *all = strndup(buffer, size);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (char *line = all; *line; line += at + 1) {
        at = strcspn(line, "\n");
        line[at] = 0;
        char *name = strrchr(line, '/');
        *name++ = 0;
        if (strcmp(line, last)) {
            if (to >= 0) close(to), close(from);
            strcpy(last, line);
            snprintf(path, sizeof path, "%s/%s", argv[3], line);
            if (*what == 'c' || !strcmp(what, "links")) folders(path);
            to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            check(to >= 0, path);
            snprintf(path, sizeof path, "%s/%s", argv[2], line);
            from = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            check(from >= 0, path);
            if (!strcmp(what, "looks")) list(from);
        }
        if (copies) {
            copy(from, to, name);
        } else if (!strcmp(what, "links")) {
            snprintf(target, sizeof target, "%s/%s", path, name);
            check(symlinkat(target, to, name) == 0, target);
        } else {
            check(fstatat(to, name, &found, 0) == 0, name);
            if (!strcmp(what, "looks")) check(fstatat(from, name, &found, 0) == 0, name);
        }
        if (line[at + 1] == 0) break;
    }
    if (!strcmp(what, "copysync")) check(syncfs(to) == 0, "syncfs");
    printf("%lld\n", since(start));
    return 0;
}
