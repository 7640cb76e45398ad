/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cflags: -pthread
 * What a record of files and programs must be true to, in the directory that it is started in. Each prints what happened, for
 * the record to be compared with. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attack.h"

static char path[64];
static volatile bool over;

static void *flip(void *arg)
{
    (void)arg;
    while (!over) {
        strcpy(path, "first");
        sched_yield();
        strcpy(path, "other");
        sched_yield();
    }
    return NULL;
}

/* flip N: open for writing N times, while another thread changes the path; prints how often each was opened in truth */
static int attack_flip(char **argv)
{
    pthread_t thread;
    int count[2] = { 0, 0 };
    struct stat first, st;
    strcpy(path, "first");
    int fd = open("first", O_WRONLY | O_CREAT, 0644);
    if (fd < 0 || fstat(fd, &first) < 0 || close(fd) < 0 || close(open("other", O_WRONLY | O_CREAT, 0644)) < 0 ||
        pthread_create(&thread, NULL, flip, NULL) != 0)
        return broken("flip");
    for (long n = atol(argv[0]); n > 0;) {
        fd = open(path, O_WRONLY);
        if (fd < 0)
            continue; /* a name of both */
        if (fstat(fd, &st) < 0)
            return broken("fstat");
        count[st.st_ino != first.st_ino]++;
        close(fd);
        n--;
    }
    over = true;
    pthread_join(thread, NULL);
    printf("%d %d\n", count[0], count[1]);
    return WORKED;
}

static void *read_on(void *arg)
{
    (void)arg;
    for (;;)
        close(open("first", O_RDONLY));
    return NULL;
}

static void *run(void *arg)
{
    execv(*(char **)arg, arg);
    return NULL;
}

/* read-run PROGRAM FILE: one thread opens "first" again and again, another one becomes PROGRAM, which is to open FILE */
static int attack_read_run(char **argv)
{
    pthread_t thread;
    char *words[] = { argv[0], argv[1], NULL };
    if (pthread_create(&thread, NULL, read_on, NULL) != 0)
        return broken("read-run");
    for (int i = 0; i < 100; i++) /* so that it is well known which program this one is */
        close(open("first", O_RDONLY));
    if (pthread_create(&thread, NULL, run, words) != 0)
        return broken("read-run");
    read_on(NULL);
    return broken("read-run");
}

static char programs[2][PATH_MAX], program[PATH_MAX];

static void *flip_program(void *arg)
{
    (void)arg;
    for (int i = 0; !over; i = !i) {
        strcpy(program, programs[i]);
        sched_yield();
    }
    return NULL;
}

/* flip-run N PROGRAM-A PROGRAM-B: run programs that say which they are by their exit status, 1 or 2, while another thread
 * changes the path; prints how often each was run in truth */
static int attack_flip_run(char **argv)
{
    pthread_t thread;
    int count[3] = { 0, 0, 0 };
    char *words[] = { (char *)"flipped", NULL };
    snprintf(programs[0], PATH_MAX, "%s", argv[1]);
    snprintf(programs[1], PATH_MAX, "%s", argv[2]);
    for (long n = atol(argv[0]); n > 0; n--) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            strcpy(program, programs[0]);
            if (pthread_create(&thread, NULL, flip_program, NULL) != 0)
                _exit(0);
            for (;;)
                execv(program, words);
        }
        if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
            return broken("waitpid");
        count[WEXITSTATUS(status) < 3 ? WEXITSTATUS(status) : 0]++;
    }
    printf("%d %d\n", count[1], count[2]);
    return count[0] ? BROKEN : WORKED;
}

/* begun: say that a program begins, without running one */
static int attack_begun(char **argv)
{
    int word;
    (void)argv;
    execl("/nonexistent/program", "x", NULL);
    for (int i = 0; i < 100; i++)
        syscall(SYS_set_tid_address, &word);
    return worked();
}

/* long: files in directories, down to where their path is longer than a path may be */
static int attack_long(char **argv)
{
    char name[NAME_MAX + 1];
    (void)argv;
    memset(name, 'x', NAME_MAX);
    name[NAME_MAX] = '\0';
    for (int i = 0; i < 20; i++) {
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0)
            return stopped("open");
        if (unlink(name) < 0 || mkdir(name, 0755) < 0 || chdir(name) < 0)
            return stopped("mkdir");
    }
    return worked();
}

/* files N: make N files, one after the other */
static int attack_files(char **argv)
{
    char name[32];
    for (int i = 0, n = atoi(argv[0]); i < n; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0)
            return stopped("open");
        close(fd);
    }
    return worked();
}

static const struct attack attacks[] = {
    { "flip", 1, attack_flip },   { "flip-run", 3, attack_flip_run }, { "begun", 0, attack_begun },
    { "read-run", 2, attack_read_run },
    { "long", 0, attack_long },   { "files", 1, attack_files },       { NULL, 0, NULL },
};

int main(int argc, char **argv)
{
    return attack_main(attacks, argc, argv);
}
