/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* place.c -- paths, swap areas, terminal width. */
#include "cli/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { COLUMNS_MIN = 20, COLUMNS_MAX = 80, COLUMNS_UNKNOWN = 40, COLUMNS_LARGE = 28 };

static int join(char out[static PLACE_BYTES_MAX], const char *dir, const char *rest)
{
    int n = snprintf(out, PLACE_BYTES_MAX, "%s%s", dir, rest);
    return n > 0 && n < PLACE_BYTES_MAX ? 0 : ERR_TOOBIG;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

int place_home(const char *given, char out[static PLACE_BYTES_MAX])
{
    const char *dir = given ? given : environment("KRING_HOME");
    if (dir)
        return join(out, dir, "");
    if ((dir = environment("XDG_DATA_HOME")))
        return join(out, dir, "/kring");
    if ((dir = environment("HOME")))
        return join(out, dir, "/.local/share/kring");
    return ERR_USAGE;
}

bool place_is_set_up(const char *home)
{
    char path[PLACE_BYTES_MAX];
    struct stat st;
    return join(path, home, "/slots") == 0 && stat(path, &st) == 0;
}

/* True if the block device `name` (dm-0) is one that encrypts. */
static bool is_crypt(const char *blocks, const char *name)
{
    char path[PLACE_BYTES_MAX], uuid[8] = "";
    int n = snprintf(path, sizeof path, "%s/%s/dm/uuid", blocks, name);
    FILE *f = n > 0 && n < (int)sizeof path ? fopen(path, "re") : NULL;
    if (!f)
        return false;
    bool crypt = fgets(uuid, sizeof uuid, f) && strncmp(uuid, "CRYPT-", 6) == 0;
    (void)fclose(f);
    return crypt;
}

/* The last part of where `area` leads: /dev/mapper/swap is a link to /dev/dm-1. */
static bool area_is_open(const char *area, const char *blocks)
{
    char *real = realpath(area, NULL);
    const char *path = real ? real : area;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    bool open = strncmp(name, "zram", 4) != 0 && !is_crypt(blocks, name);
    free(real);
    return open;
}

bool place_swap_is_open(const char *swaps, const char *blocks)
{
    char line[PLACE_BYTES_MAX];
    bool open = false;
    FILE *f = fopen(swaps, "re");
    if (!f)
        return false;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, " \t\n")] = '\0';
        if (line[0] == '/') /* the first line is a heading */
            open |= area_is_open(line, blocks);
    }
    (void)fclose(f);
    return open;
}

static bool large_letters;

void place_set_large(bool large)
{
    large_letters = large;
}

bool place_is_large(void)
{
    return large_letters;
}

static size_t terminal_columns(int fd)
{
    struct winsize size = {0};
    if (!isatty(fd))
        return 0;
    if (ioctl(fd, TIOCGWINSZ, &size) || size.ws_col == 0)
        return COLUMNS_UNKNOWN;
    if (size.ws_col < COLUMNS_MIN)
        return COLUMNS_MIN;
    return size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
}

size_t place_columns(int fd)
{
    size_t columns = terminal_columns(fd);
    if (large_letters && (columns == 0 || columns > COLUMNS_LARGE))
        return COLUMNS_LARGE;
    return columns;
}

size_t place_rows(int fd)
{
    struct winsize size = {0};
    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size))
        return 0;
    return size.ws_row;
}

static const char clearing[] = "\033[H\033[2J\033[3J";

/* getenv and isatty only look: they may be asked in a signal handler. */
static bool can_clear(void)
{
    const char *term = environment("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void place_clear(void)
{
    if (can_clear())
        (void)fputs(clearing, stderr);
    (void)fflush(stderr);
}

void place_clear_at_signal(void)
{
    if (can_clear())
        (void)!write(STDERR_FILENO, clearing, sizeof clearing - 1);
}

int place_timer(uint64_t seconds)
{
    struct itimerspec spec = {.it_value.tv_sec = (time_t)seconds};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (seconds == 0)
        spec.it_value.tv_nsec = 1; /* zero would never end */
    if (fd >= 0 && timerfd_settime(fd, 0, &spec, NULL)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

bool place_timer_ended(int timer)
{
    struct itimerspec left = {0};
    return timerfd_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0 &&
           left.it_value.tv_nsec == 0;
}
