/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's signals: what they ask for, and that nothing of ours is left in the payload's. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "terminal/signals.h"

START_TEST(test_actions)
{
    static const struct {
        int signal;
        bool typed;
        enum signal_action action;
    } rows[] = {
        { SIGTERM, false, SIGNAL_END },     { SIGHUP, false, SIGNAL_END },      { SIGHUP, true, SIGNAL_END },
        { SIGINT, false, SIGNAL_END },      { SIGINT, true, SIGNAL_FORWARD },   { SIGQUIT, true, SIGNAL_FORWARD },
        { SIGTSTP, true, SIGNAL_FORWARD },  { SIGUSR1, false, SIGNAL_FORWARD }, { SIGUSR2, false, SIGNAL_FORWARD },
        { SIGWINCH, true, SIGNAL_RESIZE },  { SIGCONT, false, SIGNAL_CONTINUED },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_int_eq(signals_action(rows[i].signal, rows[i].typed), rows[i].action);
}
END_TEST

static bool same_mask(const sigset_t *a, const sigset_t *b)
{
    for (int i = 1; i < NSIG; i++)
        if (sigismember(a, i) != sigismember(b, i))
            return false;
    return true;
}

START_TEST(test_taken_and_put_back)
{
    struct signals s = { .fd = -1 };
    sigset_t before, during, after;
    int signal = 0;
    bool typed = true;

    sigprocmask(SIG_SETMASK, NULL, &before);
    ck_assert_int_eq(signals_setup(&s), 0);
    ck_assert(same_mask(&s.original, &before));
    sigprocmask(SIG_SETMASK, NULL, &during);
    ck_assert_int_eq(sigismember(&during, SIGTERM), 1);
    ck_assert_int_eq(sigismember(&during, SIGPIPE), 1);
    ck_assert_int_eq(sigismember(&during, SIGTTIN), 0);
    ck_assert_int_eq(sigismember(&during, SIGTTOU), 0);

    ck_assert_int_eq(signals_read(&s, &signal, &typed), -EAGAIN);
    ck_assert_int_eq(signal, 0);
    kill(getpid(), SIGUSR1);
    ck_assert_int_eq(signals_read(&s, &signal, &typed), 0);
    ck_assert_int_eq(signal, SIGUSR1);
    ck_assert(!typed);

    signals_end(&s);
    ck_assert_int_eq(s.fd, -1);
    sigprocmask(SIG_SETMASK, NULL, &after);
    ck_assert(same_mask(&after, &before));
}
END_TEST

/* nohup: what was ignored is not taken, or closing the terminal would end the jail after all. */
START_TEST(test_ignored_stay_ignored)
{
    struct signals s = { .fd = -1 };
    int signal;
    bool typed;

    ck_assert(sigaction(SIGHUP, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) == 0);
    ck_assert_int_eq(signals_setup(&s), 0);
    kill(getpid(), SIGHUP);
    ck_assert_int_eq(signals_read(&s, &signal, &typed), -EAGAIN);
    signals_end(&s);
}
END_TEST

/* Run stop() in a process group of its own, which its parent may continue, or in a session of its own, which is
 * orphaned. What it returned. */
static int stop_in_child(bool orphaned, bool *ret_stopped)
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct signals s = { .fd = -1 };
        if ((orphaned ? setsid() : setpgid(0, 0)) < 0 || signals_setup(&s) < 0)
            _exit(99);
        _exit(signals_stop_group(SIGTSTP));
    }
    *ret_stopped = false;
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    if (WIFSTOPPED(status)) {
        *ret_stopped = true;
        ck_assert_int_eq(WSTOPSIG(status), SIGTSTP);
        kill(pid, SIGCONT);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    }
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(test_stop_group)
{
    bool stopped;
    ck_assert_int_eq(stop_in_child(false, &stopped), 1);
    ck_assert(stopped);
    ck_assert_int_eq(stop_in_child(true, &stopped), 0);
    ck_assert(!stopped);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("signals");
    TCase *tc = tcase_create("signals");

    tcase_add_test(tc, test_actions);
    tcase_add_test(tc, test_taken_and_put_back);
    tcase_add_test(tc, test_ignored_stay_ignored);
    tcase_add_test(tc, test_stop_group);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
