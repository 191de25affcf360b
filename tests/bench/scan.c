/* The least that any count of these files must do: find every line and, in it, the pickup field.
 *
 * Reads trip files (CSV) in blocks, one thread per core, each thread the next file; prints lines and a sum over
 * the fields' bytes, so that no compiler leaves the work out. No quotes, no checks, no conversion, no result:
 * a floor for the bench, not a program. Usage: scan THREADS POSITION FILE [POSITION FILE ...]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (1 << 20)
#define LONGEST 4096

struct file { int position; const char *path; };
static struct file *files;
static int count;
static atomic_int next;
static atomic_long lines, sum;

static void scan(const struct file *file) {
    FILE *in = fopen(file->path, "rb");
    if (!in) { perror(file->path); exit(1); }
    setvbuf(in, NULL, _IONBF, 0);
    char *buffer = malloc(BLOCK + LONGEST);
    size_t kept = 0, got;
    long found = 0, total = 0;
    while ((got = fread(buffer + kept, 1, BLOCK, in)) > 0) {
        char *at = buffer, *end = buffer + kept + got, *stop;
        while ((stop = memchr(at, '\n', end - at))) {
            char *field = at;
            for (int n = 0; n < file->position && field; n++) {
                field = memchr(field, ',', stop - field);
                if (field) field++;
            }
            if (field && stop - field >= 16) total += field[0] + field[15];
            found++;
            at = stop + 1;
        }
        kept = end - at;
        if (kept > LONGEST) kept = 0;
        memmove(buffer, at, kept);
    }
    free(buffer);
    fclose(in);
    lines += found;
    sum += total;
}

static void *work(void *unused) {
    for (int n; (n = atomic_fetch_add(&next, 1)) < count;) scan(&files[n]);
    return unused;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    pthread_t pool[64];
    if (threads < 1 || threads > 64) return 2;
    count = (argc - 2) / 2;
    files = calloc(count + 1, sizeof *files);
    for (int n = 0; n < count; n++) files[n] = (struct file){atoi(argv[2 + 2 * n]), argv[3 + 2 * n]};
    for (int n = 0; n < threads; n++) pthread_create(&pool[n], NULL, work, NULL);
    for (int n = 0; n < threads; n++) pthread_join(pool[n], NULL);
    printf("%ld %ld\n", (long)lines, (long)sum);
    return 0;
}
