/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the small vmlinux-like files of the tests and their reader have to agree on. */
#ifndef VMLINUX_LIKE_H
#define VMLINUX_LIKE_H

#define LIKE_RELEASE "6.1.0-99-test"
#define LIKE_BANNER "Linux version " LIKE_RELEASE " (tester@example) (a compiler) #1 SMP"
#define LIKE_BUILD_ID                                                                              \
	"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10\x55\xaa\x5a\xa5"
#define LIKE_BUILD_ID_BYTES 20

/** Marks the tables in the file's bytes, so that finding them needs nothing that is tested. */
#define LIKE_TRUTH_MAGIC "truth of sizes:"
#define LIKE_BITS_MAGIC "truth of bits::"

#define LIKE_NO_PATH ""

/** What the compiler says of a type (path "") or a member. */
struct like_truth {
	char type[24];
	char path[40];
	unsigned long long offset_bytes, size_bytes, elements;
};

struct like_truth_table {
	char magic[16];
	unsigned long long count;
	struct like_truth truth[64];
};

/* Bit-fields have no offsetof(): objects with known values stand in the file instead. */
#define LIKE_BITS_A 5u
#define LIKE_BITS_B 0x5bu
#define LIKE_BITS_C 0x123456789ull
#define LIKE_BITS_D 1u
#define LIKE_BITS_E 0x15u
#define LIKE_PACKED_Y 0x2fedcba987654ull
#define LIKE_PACKED_Z 0xabcdeu

struct bits {
	unsigned int a : 3;
	unsigned int b : 7;
	unsigned long long c : 33;
	unsigned char d : 1;
	union {
		struct {
			char before;
			unsigned int e : 5;
		};
	};
};

struct packed_bits {
	char x;
	unsigned long long y : 50;
	unsigned int z : 20;
} __attribute__((packed));

struct like_bits {
	char magic[16];
	struct bits bits;
	char gap[16];
	struct packed_bits packed;
	char end[16];
};

#endif
