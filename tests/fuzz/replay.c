/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A fuzz target without libFuzzer: runs its seeds, mutants of them, and files. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "fuzz/fuzz.h"

/*
 * replay [--mutants N] [--seeds DIR] [FILE|DIR...]
 *
 * Runs each seed of the target and each FILE, and N mutants of each, always the same; then what is
 * in each DIR. --seeds writes the seeds into DIR and runs nothing. What isn't there is left out. Of
 * files that are run the last one that is named is the one that crashed.
 */
static struct fuzz_random random_bytes;
static unsigned long mutants, nr_run;
static const char *seed_dir;

static void *must(void *block)
{
	if (!block)
		abort();
	return block;
}

/* One change that knows of no structure. */
static size_t mutate_once(uint8_t *data, size_t bytes, size_t max)
{
	size_t at = fuzz_below(&random_bytes, bytes), other = fuzz_below(&random_bytes, bytes);
	size_t count = 1 + fuzz_below(&random_bytes, 16);

	if (!bytes) {
		if (max)
			data[0] = (uint8_t)fuzz_next(&random_bytes);
		return max ? 1 : 0;
	}
	switch (fuzz_below(&random_bytes, 5)) {
	case 0:
		data[at] ^= (uint8_t)(1u << fuzz_below(&random_bytes, 8));
		return bytes;
	case 1:
		data[at] = (uint8_t)fuzz_next(&random_bytes);
		return bytes;
	case 2: /* bytes go */
		count = count < bytes - at ? count : bytes - at;
		memmove(data + at, data + at + count, bytes - at - count);
		return bytes - count;
	case 3: /* bytes come */
		count = count < max - bytes ? count : max - bytes;
		memmove(data + at + count, data + at, bytes - at);
		return bytes + count;
	default:
		count = count < bytes - at ? count : bytes - at;
		count = count < bytes - other ? count : bytes - other;
		memmove(data + at, data + other, count);
		return bytes;
	}
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t max)
{
	for (uint64_t n = 1 + fuzz_below(&random_bytes, 4); n; n--)
		bytes = mutate_once(data, bytes, max);
	return bytes;
}

/* In a block of its own size, so that a sanitizer sees reads past its end. */
static void run(const uint8_t *data, size_t bytes)
{
	uint8_t *copy = must(malloc(bytes + !bytes));

	memcpy(copy, data, bytes);
	LLVMFuzzerTestOneInput(copy, bytes);
	nr_run++;
	free(copy);
}

static void run_mutants(const uint8_t *data, size_t bytes)
{
	uint8_t *mutant = must(malloc(FUZZ_BYTES_MAX));
	size_t size = 0;

	for (unsigned long i = 0; i < mutants && bytes <= FUZZ_BYTES_MAX; i++) {
		if (i % 4 == 0) {
			memcpy(mutant, data, bytes);
			size = bytes;
		}
		random_bytes.state = nr_run + 1;
		size = LLVMFuzzerCustomMutator(mutant, size, FUZZ_BYTES_MAX,
					       (unsigned int)nr_run + 1);
		FUZZ_CHECK(size <= FUZZ_BYTES_MAX);
		run(mutant, size);
	}
	free(mutant);
}

static void take_seed(const char *name, const uint8_t *data, size_t bytes)
{
	if (seed_dir) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", seed_dir, name);
		FILE *file = must(fopen(path, "wb"));
		if (fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0)
			abort();
		return;
	}
	run(data, bytes);
	run_mutants(data, bytes);
}

static void run_path(const char *path, bool mutate)
{
	struct dirent **names;
	struct stat status;

	if (stat(path, &status) != 0) /* there may be no corpus yet */
		return;
	if (S_ISDIR(status.st_mode)) {
		int nr = scandir(path, &names, NULL, alphasort);

		for (int i = 0; i < nr; i++) {
			char inner[4096];

			snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
			if (names[i]->d_name[0] != '.')
				run_path(inner, false);
			free(names[i]);
		}
		free(nr < 0 ? NULL : names);
		return;
	}
	FILE *file = fopen(path, "rb");
	uint8_t *data = must(malloc((size_t)status.st_size + 1));
	if (!file) {
		fprintf(stderr, "%s: can't be opened\n", path);
		exit(1);
	}
	size_t bytes = fread(data, 1, (size_t)status.st_size, file);
	fclose(file);
	printf("%s\n", path);
	fflush(stdout);
	run(data, bytes);
	if (mutate)
		run_mutants(data, bytes);
	free(data);
}

int main(int argc, char **argv)
{
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--mutants") == 0)
			mutants = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--seeds") == 0)
			seed_dir = argv[i + 1];
		else
			return 2;
	}
	fuzz_seeds(take_seed);
	for (; i < argc; i++)
		run_path(argv[i], true);
	printf("%lu inputs\n", nr_run);
	return 0;
}
