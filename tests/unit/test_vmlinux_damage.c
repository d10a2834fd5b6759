/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The vmlinux reader over damaged files: bits flipped at random, but the same ones each time.
 * MMUSCOPE_TEST_FLIPS=NUMBER asks for more.
 *
 *     test-vmlinux-damage good=FILE...
 */
#include "facts/elffile.h"
#include "support/vmlinux_checks.h"

#define FLIPS 150
#define TRUNCATIONS 40

static const char *const symbols[] = { "init_task", "only_local", "twice", NULL };
static const char *const types[] = { "task_struct", "mm_struct", "bits", "absent", NULL };
static const struct mmu_vmlinux_wants wants = { symbols, types };

static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Ask for everything: any answer will do, but nothing may crash, hang or leak. */
static void ask_everything(const char *path)
{
	static const char *const paths[] = {
		"mm",        "comm",          "deep", "named.inner", "pgds.pgd",
		"in_iowait", "count.counter", "c",    "y",           "nothing"
	};
	static const char *const asked[] = { "task_struct", "mm_struct",  "bits",   "packed_bits",
					     "pgds_t",      "either_way", "nothing" };
	struct mmu_vmlinux *vmlinux;
	struct mmu_member member;
	uint64_t number = 0;
	int64_t value = 0;
	struct mmu_error *error = mmu_vmlinux_open(path, &wants, &vmlinux);

	if (error) {
		assert_null(strchr(mmu_error_message(error), '\n'));
		mmu_error_destroy(error);
		return;
	}
	mmu_vmlinux_banner(vmlinux);
	for (size_t i = 0; symbols[i]; i++)
		mmu_vmlinux_symbol(vmlinux, symbols[i], &number, NULL);
	mmu_vmlinux_symbol(vmlinux, "late", &number, NULL);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		mmu_error_destroy(mmu_vmlinux_size(vmlinux, asked[i], &number));
		for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++)
			mmu_error_destroy(mmu_vmlinux_member(vmlinux, asked[i], paths[k], &member));
	}
	mmu_error_destroy(mmu_vmlinux_enumerator(vmlinux, "state", "STATE_BIG", &value));
	mmu_error_destroy(mmu_vmlinux_enumerator(vmlinux, NULL, "nothing", &value));
	mmu_vmlinux_close(vmlinux);
}

/* Where damage hurts: half of the flips are spread over all, half hit one of these. */
static size_t pick_offset(const struct mmu_elffile *file)
{
	static const char *const names[] = { ".debug_info", ".debug_abbrev", ".debug_str",
					     ".symtab", ".notes" };
	struct mmu_elfsection section;
	uint64_t random = next_random();
	uint64_t choice = random % (2 * (sizeof(names) / sizeof(names[0])) + 2);

	random >>= 8;
	if (choice < sizeof(names) / sizeof(names[0]) &&
	    mmu_elffile_named(file, names[choice], &section))
		return (size_t)(section.bytes.data - file->map.data + random % section.bytes.count);
	if (choice == sizeof(names) / sizeof(names[0]))
		return (size_t)(random % 64);
	return (size_t)(random % file->map.count);
}

static void test_flips(void **state)
{
	struct file file = read_file(*state);
	uint8_t *copy = malloc(file.bytes);
	struct mmu_elffile *elf;

	assert_non_null(copy);
	expect_ok(mmu_elffile_open(*state, &elf));
	random_state = 0x6d6d7573636f7065;
	const char *more = getenv("MMUSCOPE_TEST_FLIPS");
	int rounds = more ? atoi(more) : FLIPS;

	for (int i = 0; i < rounds; i++) {
		int flips = 1 + (int)(next_random() % 4);

		memcpy(copy, file.data, file.bytes);
		for (int k = 0; k < flips; k++) {
			size_t at = pick_offset(elf);
			uint64_t how = next_random();

			copy[at] = how & 1 ? (uint8_t)(how >> 8)
					   : copy[at] ^ (1u << (how >> 8 & 7));
		}
		ask_everything(write_file("flipped", copy, file.bytes));
	}
	mmu_elffile_close(elf);
	free(copy);
	free(file.data);
}

static void test_truncations(void **state)
{
	struct file file = read_file(*state);

	random_state = 0x7472756e63617465;
	for (int i = 0; i < TRUNCATIONS; i++)
		ask_everything(write_file("cut", file.data, next_random() % file.bytes));
	free(file.data);
}

static const struct CMUnitTest damage_tests[] = {
	{ "flips", test_flips, NULL, NULL, NULL },
	{ "truncations", test_truncations, NULL, NULL, NULL },
};

static const struct kind kinds[] = { KIND("good", damage_tests) };

int main(int argc, char **argv)
{
	return run_cases("vmlinux-damage", kinds, 1, argc, argv);
}
