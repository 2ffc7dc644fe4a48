/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* replay_main.c -- runs one fuzz target over stored inputs, without libFuzzer.
 *
 *     replay_fuzz_X PATH...        each PATH a file, or a folder of files
 *
 * A target that has a mutator of its own is given MUTANTS changed forms of each
 * input too, always the same ones. The empty input is always tried first. Folders are
 * walked in name order, so a crash repeats at the same place. The name of each input
 * is printed before it runs when KRING_VERBOSE is set. Ends with `N passed, N failed`;
 * a path that is missing or a folder without any file fails, since a corpus that is
 * not there tests nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
    __attribute__((weak));
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

enum { MUTANTS = 16, GROWTH_BYTES = 4096 };

static int passed, failed;

/* What the library does with bytes it knows nothing of, in its simplest form. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    static uint32_t dice = 1;
    dice = dice * 1103515245u + 12345u;
    if (size < max_size && (size == 0 || dice >> 28 == 0))
        data[size++] = (uint8_t)(dice >> 16);
    else if (size > 0)
        data[(dice >> 8) % size] ^= (uint8_t)(1u << dice % 8);
    return size;
}

/* The input is copied to a block of exactly its size, so that a sanitizer sees
 * the first byte read past its end. */
static void replay_bytes(const char *name, const uint8_t *data, size_t n)
{
    uint8_t *exact = malloc(n > 0 ? n : 1);
    if (!exact) {
        printf("no memory for %s\n", name);
        failed++;
        return;
    }
    if (n > 0)
        memcpy(exact, data, n);
    if (getenv("KRING_VERBOSE"))
        printf("replay %s\n", name);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    passed++;
}

static void replay_mutants(const char *name, const uint8_t *data, size_t n)
{
    size_t max = n + GROWTH_BYTES;
    uint8_t *changed = malloc(max);
    if (!changed)
        return;
    memcpy(changed, data, n);
    for (unsigned i = 0; i < MUTANTS; i++) {
        n = LLVMFuzzerCustomMutator(changed, n, max, 7919 * i + (unsigned)n);
        replay_bytes(name, changed, n);
    }
    free(changed);
}

static void replay_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *f = fopen(path, "rb");
    if (data && f && fread(data, 1, size, f) == size) {
        replay_bytes(path, data, size);
        if (LLVMFuzzerCustomMutator)
            replay_mutants(path, data, size);
    } else {
        printf("cannot read %s\n", path);
        failed++;
    }
    if (f)
        (void)fclose(f);
    free(data);
}

static void replay_path(const char *path);

static void replay_folder(const char *path)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, NULL, alphasort), tried = 0;
    for (int i = 0; i < n; i++) {
        char child[4096];
        int len = snprintf(child, sizeof child, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof child) {
            replay_path(child);
            tried++;
        }
        free(names[i]);
    }
    free(names);
    if (tried == 0) {
        printf("no inputs in %s\n", path);
        failed++;
    }
}

static void replay_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        printf("missing: %s\n", path);
        failed++;
    } else if (S_ISDIR(st.st_mode)) {
        replay_folder(path);
    } else {
        replay_file(path, (size_t)st.st_size);
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (LLVMFuzzerInitialize)
        (void)LLVMFuzzerInitialize(&argc, &argv);
    replay_bytes("(empty)", NULL, 0);
    for (int i = 1; i < argc; i++)
        replay_path(argv[i]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
