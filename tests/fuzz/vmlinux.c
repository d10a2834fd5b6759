/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file vmlinux: its ELF, symbols, DWARF or BTF. Its seeds are files that the build makes. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facts/vmlinux.h"
#include "fuzz/fuzz.h"

static const char *const symbols[] = { "init_task", "only_local", "twice", NULL };
static const char *const types[] = { "task_struct", "mm_struct", "bits", "absent", NULL };
static const struct mmu_vmlinux_wants wants = { symbols, types };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void forget(struct mmu_error *error)
{
	if (error)
		FUZZ_CHECK(!strchr(mmu_error_message(error), '\n'));
	mmu_error_destroy(error);
}

static void ask(struct mmu_vmlinux *vmlinux)
{
	static const char *const paths[] = {
		"mm",        "comm",          "deep", "named.inner", "pgds.pgd",
		"in_iowait", "count.counter", "c",    "y",           "nothing"
	};
	static const char *const asked[] = { "task_struct", "mm_struct",  "bits",   "packed_bits",
					     "pgds_t",      "either_way", "nothing" };
	struct mmu_member member;
	uint64_t number;
	int64_t value;

	FUZZ_CHECK(!strchr(mmu_vmlinux_banner(vmlinux), '\n'));
	for (size_t i = 0; symbols[i]; i++)
		mmu_vmlinux_symbol(vmlinux, symbols[i], &number, NULL);
	mmu_vmlinux_symbol(vmlinux, "late", &number, NULL);
	for (size_t i = 0; i < COUNT(asked); i++) {
		forget(mmu_vmlinux_size(vmlinux, asked[i], &number));
		for (size_t k = 0; k < COUNT(paths); k++)
			forget(mmu_vmlinux_member(vmlinux, asked[i], paths[k], &member));
	}
	forget(mmu_vmlinux_enumerator(vmlinux, "state", "STATE_BIG", &value));
	forget(mmu_vmlinux_enumerator(vmlinux, NULL, "nothing", &value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct mmu_vmlinux *vmlinux = NULL;
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("vmlinux", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	FUZZ_CHECK(ftruncate(fd, 0) == 0);
	FUZZ_CHECK(!bytes || pwrite(fd, data, bytes, 0) == (ssize_t)bytes);
	struct mmu_error *error = mmu_vmlinux_open(path, &wants, &vmlinux);
	FUZZ_CHECK(!error == !!vmlinux);
	forget(error);
	if (!vmlinux)
		return 0;
	ask(vmlinux);
	mmu_vmlinux_close(vmlinux);
	return 0;
}

/* Where a section lies. @return false: there is none of this number */
static bool section_at(const uint8_t *data, size_t bytes, uint64_t n, uint64_t *ret_header,
		       uint64_t *ret_offset, uint64_t *ret_bytes)
{
	bool wide = data[4] == 2, big = data[5] == 2;
	uint64_t shoff = fuzz_get(data, bytes, wide ? 40 : 32, wide ? 8 : 4, big);
	uint64_t nr = fuzz_get(data, bytes, wide ? 60 : 48, 2, big);

	if (!nr || shoff >= bytes)
		return false;
	*ret_header = shoff + n % nr * (wide ? 64 : 40);
	*ret_offset = fuzz_get(data, bytes, *ret_header + (wide ? 24 : 16), wide ? 8 : 4, big);
	*ret_bytes = fuzz_get(data, bytes, *ret_header + (wide ? 32 : 20), wide ? 8 : 4, big);
	return *ret_offset < bytes && *ret_bytes <= bytes - *ret_offset;
}

/* A form, a tag, an attribute, a length: what stands in DWARF's bytes. */
static void change_bytes(struct fuzz_random *random, uint8_t *data, size_t bytes, bool big)
{
	static const uint8_t likely[] = { 0,    1,    2,    4,    5,    6,    8,    0xb,
					  0xd,  0xe,  0xf,  0x10, 0x11, 0x13, 0x14, 0x17,
					  0x19, 0x1a, 0x1b, 0x1f, 0x21, 0x25, 0x7f, 0x80,
					  0xff, 0x2a, 0x2b, 0x2c, 0x49, 0x38, 0x6b, 0x88 };
	size_t at = fuzz_below(random, fuzz_below(random, 3) ? bytes : bytes < 64 ? bytes : 64);

	switch (fuzz_below(random, 4)) {
	case 0:
		fuzz_change(random, data, bytes, at & ~(size_t)3, 4, big);
		break;
	case 1:
		data[at] ^= (uint8_t)(1u << fuzz_below(random, 8));
		break;
	default:
		data[at] = likely[fuzz_below(random, sizeof(likely))];
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };
	uint64_t header, offset, size;

	if (bytes < 64 || !fuzz_below(&random, 8) || memcmp(data, "\177ELF", 4) != 0)
		return LLVMFuzzerMutate(data, bytes, max);
	bool wide = data[4] == 2, big = data[5] == 2;
	for (uint64_t n = 1 + fuzz_below(&random, 3); n; n--) {
		if (!section_at(data, bytes, fuzz_next(&random) >> 8, &header, &offset, &size))
			break;
		if (!fuzz_below(&random, 5)) { /* a field of its header */
			fuzz_change(&random, data, bytes, header + 4 * fuzz_below(&random, 12),
				    wide && fuzz_below(&random, 2) ? 8 : 4, big);
		} else if (!fuzz_below(&random, 16)) { /* of the file's */
			fuzz_change(&random, data, bytes, 16 + 2 * fuzz_below(&random, 24), 2, big);
		} else if (size) {
			change_bytes(&random, data + offset, size, big);
		}
	}
	return bytes;
}

void fuzz_seeds(fuzz_seed_fn take)
{
}
