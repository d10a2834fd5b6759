/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A vmlinux whose types are in .BTF: stripped of DWARF, of symbols, of both; and hostile ones.
 *
 *     test-vmlinux-btf good=FILE
 */
#include <elf.h>
#include <zlib.h>

#include "facts/facts.h"
#include "support/btf_like.h"
#include "support/elf_little.h"
#include "support/memory_image.h"
#include "support/vmlinux_checks.h"

static const char *const symbols[] = { "init_task", NULL };
static const char *const types[] = { "task_struct", NULL };
static const struct mmu_vmlinux_wants wants = { symbols, types };

/* ------------------------------------------------- files made by hand */

/*
 * struct task_struct { long state; struct task_struct *next; int matrix[3][5]; }; a long has
 * `long_bytes`, and so have pointers.
 */
static size_t make_btf(uint8_t *out, uint32_t long_bytes)
{
	struct blob kinds = { .bytes = 0 }, strings = { .bytes = 1 };

	type(&kinds, name(&strings, "long int"), 1, 0, long_bytes); /* 1 */
	put(&kinds, 0x01000000 | 8 * long_bytes);
	type(&kinds, name(&strings, "int"), 1, 0, 4); /* 2 */
	put(&kinds, 0x01000020);
	type(&kinds, 0, 2, 0, 6); /* 3: struct task_struct * */
	type(&kinds, 0, 3, 0, 0); /* 4: int[5] */
	put(&kinds, 2), put(&kinds, 2), put(&kinds, 5);
	type(&kinds, 0, 3, 0, 0); /* 5: int[3][5] */
	put(&kinds, 4), put(&kinds, 2), put(&kinds, 3);
	type(&kinds, name(&strings, "task_struct"), 4, 3, 2 * long_bytes + 60); /* 6 */
	put(&kinds, name(&strings, "state")), put(&kinds, 1), put(&kinds, 0);
	put(&kinds, name(&strings, "next")), put(&kinds, 3), put(&kinds, 8 * long_bytes);
	put(&kinds, name(&strings, "matrix")), put(&kinds, 5), put(&kinds, 16 * long_bytes);
	return btf_finish(&kinds, &strings, out);
}

struct section {
	const char *name;
	uint32_t type;
	uint64_t flags;
	const void *data;
	size_t bytes;
	uint64_t said_bytes; /* in place of bytes, unless 0 */
};

#define SECTIONS_MAX 8
#define FILE_BYTES 65536
#define TEXT_VA 0xffffffff81000000

/* An ELF file of these sections and one for their names. @return its path */
static const char *make_file(const char *file_name, const struct section *sections, size_t count)
{
	static uint8_t file[FILE_BYTES];
	Elf64_Ehdr header = { .e_type = ET_EXEC,
			      .e_machine = EM_X86_64,
			      .e_shentsize = sizeof(Elf64_Shdr),
			      .e_shnum = (uint16_t)(count + 2),
			      .e_shstrndx = (uint16_t)(count + 1) };
	Elf64_Shdr headers[SECTIONS_MAX + 2] = { 0 };
	struct blob names = { .bytes = 1 };
	size_t at = 4096;

	memset(file, 0, sizeof(file));
	memcpy(header.e_ident, "\177ELF\2\1\1", 7);
	for (size_t i = 0; i < count; i++) {
		const struct section *from = &sections[i];

		headers[i + 1] = (Elf64_Shdr){ .sh_name = name(&names, from->name),
					       .sh_type = from->type,
					       .sh_flags = from->flags,
					       .sh_addr = TEXT_VA + at,
					       .sh_offset = at,
					       .sh_size = from->said_bytes ? from->said_bytes
									   : from->bytes,
					       .sh_link = (uint32_t)i + 2 };
		memcpy(file + at, from->data, from->bytes);
		at += (from->bytes + 15) & ~(size_t)15;
	}
	headers[count + 1] = (Elf64_Shdr){ .sh_name = name(&names, ".shstrtab"),
					   .sh_type = SHT_STRTAB,
					   .sh_offset = at,
					   .sh_size = names.bytes };
	memcpy(file + at, names.data, names.bytes);
	at += (names.bytes + 15) & ~(size_t)15;
	header.e_shoff = at;
	elf_little_ehdr(&header);
	for (size_t i = 0; i < count + 2; i++)
		elf_little_shdr(&headers[i]);
	memcpy(file, &header, sizeof(header));
	memcpy(file + at, headers, (count + 2) * sizeof(headers[0]));
	return write_file(file_name, file, at + (count + 2) * sizeof(headers[0]));
}

static const char strtab[] = "\0init_task";
/* little-endian: one symbol, of section 1 */
static const uint8_t symtab[2][sizeof(Elf64_Sym)] = {
	{ 0 },
	{ 1, 0, 0, 0, STB_GLOBAL << 4, 0, 1, 0, 0x40, 0, 0, 0x81, 0xff, 0xff, 0xff, 0xff },
};
/* as 6.1's file has them: a weak one without the build's number, then the kernel's own */
static const char rodata[] = "Linux version 9.9.9 (weak) # SMP\n\0Linux version 9.9.9 (own) #1 "
			     "SMP\n";

static const struct section symtab_section = {
	".symtab", SHT_SYMTAB, 0, symtab, sizeof(symtab), 0
};
static const struct section strtab_section = {
	".strtab", SHT_STRTAB, 0, strtab, sizeof(strtab), 0
};
static const struct section rodata_section = { ".rodata", SHT_PROGBITS,   SHF_ALLOC,
					       rodata,    sizeof(rodata), 0 };

static struct section btf_section(const uint8_t *btf, size_t bytes)
{
	return (struct section){ ".BTF", SHT_PROGBITS, SHF_ALLOC, btf, bytes, 0 };
}

/* ------------------------------------------------- good ones */

static void check_types(struct mmu_vmlinux *vmlinux, uint64_t long_bytes)
{
	struct mmu_member member = { 0 };
	uint64_t bytes = 0;

	expect_ok(mmu_vmlinux_size(vmlinux, "task_struct", &bytes));
	assert_int_equal(bytes, 2 * long_bytes + 60);
	expect_ok(mmu_vmlinux_member(vmlinux, "task_struct", "next", &member));
	assert_int_equal(member.offset_bytes, long_bytes);
	assert_int_equal(member.size_bytes, long_bytes);
	expect_ok(mmu_vmlinux_member(vmlinux, "task_struct", "matrix", &member));
	assert_int_equal(member.size_bytes, 60);
	assert_int_equal(member.elements, 15);
	assert_true(mmu_vmlinux_has_btf(vmlinux));
}

static void test_types_only(void **state)
{
	uint8_t btf[4096];
	struct mmu_vmlinux *vmlinux;

	for (uint32_t long_bytes = 4; long_bytes <= 8; long_bytes += 4) {
		const struct section sections[] = { rodata_section,
						    btf_section(btf, make_btf(btf, long_bytes)) };

		expect_ok(mmu_vmlinux_open(make_file("btf", sections, 2), &wants, &vmlinux));
		check_types(vmlinux, long_bytes);
		assert_false(mmu_vmlinux_symbol(vmlinux, "init_task", NULL, NULL));
		assert_string_equal(mmu_vmlinux_banner(vmlinux), "Linux version 9.9.9 (own) #1 "
								 "SMP");
		mmu_vmlinux_close(vmlinux);
	}
}

static void test_types_and_symbols(void **state)
{
	uint8_t btf[4096];
	const struct section sections[] = { symtab_section, strtab_section,
					    btf_section(btf, make_btf(btf, 8)) };
	struct mmu_vmlinux *vmlinux;
	uint64_t va = 0;

	expect_ok(mmu_vmlinux_open(make_file("both", sections, 3), &wants, &vmlinux));
	check_types(vmlinux, 8);
	assert_true(mmu_vmlinux_symbol(vmlinux, "init_task", &va, NULL));
	assert_int_equal(va, TEXT_VA + 0x40);
	mmu_vmlinux_close(vmlinux);
}

/* DWARF that can't be used does not stand in the way. */
static void test_broken_dwarf(void **state)
{
	static const uint8_t garbage[64] = { 1, 2, 3 };
	static const char *const others[] = { ".debug_abbrev", ".gnu_debugaltlink" };
	uint8_t btf[4096];
	struct mmu_vmlinux *vmlinux;

	for (size_t i = 0; i < 2; i++) {
		const struct section sections[] = {
			{ ".debug_info", SHT_PROGBITS, 0, garbage, sizeof(garbage), 0 },
			{ others[i], SHT_PROGBITS, 0, garbage, sizeof(garbage), 0 },
			btf_section(btf, make_btf(btf, 8)),
		};

		expect_ok(mmu_vmlinux_open(make_file("broken", sections, 3), &wants, &vmlinux));
		check_types(vmlinux, 8);
		mmu_vmlinux_close(vmlinux);
	}
}

static void test_compressed(void **state)
{
	uint8_t btf[4096], packed[8192] = { 0 };
	size_t bytes = make_btf(btf, 8);
	uLongf packed_bytes = sizeof(packed) - sizeof(Elf64_Chdr);
	Elf64_Chdr header = { .ch_type = ELFCOMPRESS_ZLIB, .ch_size = bytes };
	struct mmu_vmlinux *vmlinux;

	elf_little_chdr(&header);
	assert_int_equal(compress(packed + sizeof(header), &packed_bytes, btf, bytes), Z_OK);
	memcpy(packed, &header, sizeof(header));
	const struct section section = {
		".BTF", SHT_PROGBITS, SHF_COMPRESSED, packed, packed_bytes + sizeof(header), 0
	};
	expect_ok(mmu_vmlinux_open(make_file("packed", &section, 1), &wants, &vmlinux));
	check_types(vmlinux, 8);
	mmu_vmlinux_close(vmlinux);
}

/* ------------------------------------------------- hostile ones */

static void refuse_types(const struct section *section, enum mmu_error_kind code, const char *part)
{
	struct mmu_vmlinux *vmlinux;
	uint64_t bytes = 99;

	expect_ok(mmu_vmlinux_open(make_file("bad", section, 1), &wants, &vmlinux));
	for (int i = 0; i < 2; i++)
		expect_error(mmu_vmlinux_size(vmlinux, "task_struct", &bytes), code, part);
	assert_int_equal(bytes, 99);
	mmu_vmlinux_close(vmlinux);
}

static void test_hostile(void **state)
{
	struct mmu_vmlinux *vmlinux = NULL;
	uint8_t btf[4096];
	size_t bytes = make_btf(btf, 8);
	struct section section = btf_section(btf, bytes);

	/* behind the end of the file */
	section.said_bytes = (uint64_t)1 << 40;
	expect_error(mmu_vmlinux_open(make_file("bad", &section, 1), &wants, &vmlinux),
		     MMU_ERROR_FORMAT, "is truncated");
	section.said_bytes = UINT64_MAX;
	expect_error(mmu_vmlinux_open(make_file("bad", &section, 1), &wants, &vmlinux),
		     MMU_ERROR_FORMAT, "is truncated");
	/* a header that promises more than the section holds, up to all that 32 bits can say */
	section = btf_section(btf, bytes - 1);
	refuse_types(&section, MMU_ERROR_CORRUPT, ".BTF: BTF header is damaged");
	section = btf_section(btf, 3);
	refuse_types(&section, MMU_ERROR_CORRUPT, ".BTF");
	for (size_t field = 4; field < 24; field += 4) {
		make_btf(btf, 8);
		mmu_put_uint(btf + field, 4, false, UINT32_MAX);
		section = btf_section(btf, bytes);
		refuse_types(&section, MMU_ERROR_CORRUPT, ".BTF");
	}
	/* no bytes in the file: as in a separate debug file */
	section = (struct section){ ".BTF", SHT_NOBITS, SHF_ALLOC, btf, 0, 4096 };
	expect_error(mmu_vmlinux_open(make_file("bad", &section, 1), &wants, &vmlinux),
		     MMU_ERROR_UNSUPPORTED, "is stripped");
	assert_null(vmlinux);
}

static void test_hostile_compression(void **state)
{
	static const uint64_t sizes[] = { 0, (uint64_t)1 << 40, UINT64_MAX, (uint64_t)1 << 30 };
	uint8_t packed[256] = { 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		Elf64_Chdr header = { .ch_type = ELFCOMPRESS_ZLIB, .ch_size = sizes[i] };
		const struct section section = { ".BTF", SHT_PROGBITS,   SHF_COMPRESSED,
						 packed, sizeof(packed), 0 };

		elf_little_chdr(&header);
		memcpy(packed, &header, sizeof(header));
		/* 1 GiB is possible, but not out of so small a file */
		refuse_types(&section,
			     sizes[i] == (uint64_t)1 << 30 ? MMU_ERROR_BUDGET : MMU_ERROR_CORRUPT,
			     ".BTF");
	}
	const struct section section = { ".BTF", SHT_PROGBITS, SHF_COMPRESSED, packed, 5, 0 };
	refuse_types(&section, MMU_ERROR_CORRUPT, ".BTF");
}

/* ------------------------------------------------- which file, which source */

static const char *good_path;

static void expect_found(const char *expected)
{
	const char *const dirs[] = { scratch, NULL };
	char *path = NULL;

	expect_ok(mmu_vmlinux_find(dirs, (struct mmu_bytes){ 0 }, "6.1", &path, NULL));
	assert_non_null(path);
	assert_string_equal(path + strlen(scratch) + 1, expected);
	free(path);
}

/* The better file wins, wherever it lies. */
static void test_find(void **state)
{
	uint8_t btf[4096];
	const struct section sections[] = { symtab_section, strtab_section,
					    btf_section(btf, make_btf(btf, 8)) };

	empty_scratch();
	make_file("boot/vmlinux-6.1", sections, 2); /* symbols */
	expect_found("boot/vmlinux-6.1");
	make_file("lib/modules/6.1/vmlinux", sections + 2, 1); /* BTF */
	expect_found("boot/vmlinux-6.1");
	make_file("usr/lib/modules/6.1/vmlinux", sections, 3); /* both */
	expect_found("usr/lib/modules/6.1/vmlinux");
	copy_file("vmlinux-6.1", good_path); /* DWARF */
	expect_found("vmlinux-6.1");
}

static void test_source(void **state)
{
	static const char info[] = "OFFSET(task_struct.next)=16\n";
	struct mmu_image *image = memory_image_create(NULL, 0);
	uint8_t btf[4096];
	const struct section section = btf_section(btf, make_btf(btf, 8));
	struct mmu_fact_store *store;
	struct mmu_vmlinux *vmlinux;
	struct mmu_fact fact;
	uint64_t value;

	memory_image_set_vmcoreinfo(image, info, sizeof(info) - 1);
	expect_ok(mmu_fact_store_create(image, NULL, &store));
	expect_ok(mmu_vmlinux_open(make_file("btf", &section, 1), &wants, &vmlinux));
	mmu_fact_store_set_vmlinux(store, vmlinux);
	assert_true(mmu_fact_get(store, "LENGTH(task_struct.matrix)", &value));
	assert_int_equal(value, 15);
	assert_true(mmu_fact_nth(store, 0, &fact));
	assert_string_equal(fact.source, "vmlinux BTF");
	assert_false(fact.seconded);
	assert_true(mmu_fact_get(store, "OFFSET(task_struct.next)", &value));
	assert_int_equal(value, 16);
	assert_true(mmu_fact_nth(store, 1, &fact));
	assert_true(!fact.seconded && fact.disputed);
	assert_string_equal(fact.source, "VMCOREINFO");
	assert_string_equal(fact.other, "vmlinux BTF");
	assert_int_equal(fact.other_value, 8);
	mmu_fact_store_destroy(store);
	mmu_image_close(image);
}

static const struct CMUnitTest good_tests[] = {
	{ "types-only", test_types_only, NULL, NULL, NULL },
	{ "types-and-symbols", test_types_and_symbols, NULL, NULL, NULL },
	{ "broken-dwarf", test_broken_dwarf, NULL, NULL, NULL },
	{ "compressed", test_compressed, NULL, NULL, NULL },
	{ "hostile", test_hostile, NULL, NULL, NULL },
	{ "hostile-compression", test_hostile_compression, NULL, NULL, NULL },
	{ "find", test_find, NULL, NULL, NULL },
	{ "source", test_source, NULL, NULL, NULL },
};

static const struct kind kinds[] = { KIND("good", good_tests) };

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	good_path = strchr(argv[1], '=') + 1;
	return run_cases("vmlinux-btf", kinds, 1, argc, argv);
}
