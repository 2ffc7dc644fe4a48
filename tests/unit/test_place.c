/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_place.c -- where kring lives, and which swap areas are open. */
#include "cli/place.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/t.h"

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    T(f != NULL);
    if (f) {
        (void)fputs(text, f);
        (void)fclose(f);
    }
}

static bool swap_of(const char *dir, const char *area)
{
    char path[256], text[256];
    (void)snprintf(path, sizeof path, "%s/swaps", dir);
    (void)snprintf(text, sizeof text, "Filename\tType\n%s partition 1 0 -2\n", area);
    write_file(path, text);
    bool open = place_swap_is_open(path, dir);
    (void)unlink(path);
    return open;
}

T_CASE(large_letters_need_short_lines)
{
    int pipes[2];
    T_NEED(pipe(pipes) == 0);
    T_EQ(place_columns(pipes[0]), 0); /* no terminal: nothing is wrapped */
    place_set_large(true);
    T(place_is_large());
    T_EQ(place_columns(pipes[0]), 28);
    place_set_large(false);
    T(!place_is_large());
    T_EQ(place_columns(pipes[0]), 0);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

T_CASE(swap_areas)
{
    char dir[] = "/tmp/kring-place-XXXXXX", path[256];
    T_NEED(mkdtemp(dir) != NULL);
    T(swap_of(dir, "/dev/sda2"));
    T(swap_of(dir, "/swapfile"));
    T(!swap_of(dir, "/dev/zram0"));
    T(swap_of(dir, "/dev/dm-7"));
    (void)snprintf(path, sizeof path, "%s/dm-7", dir);
    T_EQ(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/dm-7/dm", dir);
    T_EQ(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/dm-7/dm/uuid", dir);
    write_file(path, "CRYPT-LUKS2-0-swap\n");
    T(!swap_of(dir, "/dev/dm-7"));
    write_file(path, "LVM-0\n");
    T(swap_of(dir, "/dev/dm-7"));
    T(!place_swap_is_open("/nonexistent/swaps", dir));
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/dm-7/dm", dir);
    (void)rmdir(path);
    (void)snprintf(path, sizeof path, "%s/dm-7", dir);
    (void)rmdir(path);
    T_EQ(rmdir(dir), 0);
}

T_CASE(home_by_rank)
{
    char out[PLACE_BYTES_MAX];
    T_EQ(setenv("HOME", "/h", 1), 0);
    (void)unsetenv("XDG_DATA_HOME");
    (void)unsetenv("KRING_HOME");
    T_EQ(place_home(NULL, out), 0);
    T_STR(out, "/h/.local/share/kring");
    T_EQ(setenv("XDG_DATA_HOME", "/d", 1), 0);
    T_EQ(place_home(NULL, out), 0);
    T_STR(out, "/d/kring");
    T_EQ(setenv("KRING_HOME", "/k", 1), 0);
    T_EQ(place_home(NULL, out), 0);
    T_STR(out, "/k");
    T_EQ(place_home("/given", out), 0);
    T_STR(out, "/given");
    char long_name[PLACE_BYTES_MAX + 8];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    T_EQ(place_home(long_name, out), ERR_TOOBIG);
}

T_RUN()
