/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libdwarf's object-access interface over a mapped ELF file. */
#include <pthread.h>

#include "facts/dwarfobject.h"
#include "image/lazy.h"

/*
 * Only what types and names need. With .debug_rnglists libdwarf would walk all of it for the first
 * unit; clang's units are refused without .debug_addr and .debug_str_offsets.
 */
static const char *const section_names[MMU_DW_COUNT] = {
	[MMU_DW_NULL] = "",
	[MMU_DW_INFO] = ".debug_info",
	[MMU_DW_ABBREV] = ".debug_abbrev",
	[MMU_DW_STR] = ".debug_str",
	[MMU_DW_LINE_STR] = ".debug_line_str",
	[MMU_DW_STR_OFFSETS] = ".debug_str_offsets",
	[MMU_DW_ADDR] = ".debug_addr",
};

#ifdef DW_LIBDWARF_VERSION

typedef Dwarf_Unsigned section_index;
typedef Dwarf_Obj_Access_Section_a section_info;
typedef Dwarf_Obj_Access_Methods_a methods_table;
typedef Dwarf_Small byte_order;

#define BYTE_ORDER_BIG DW_END_big
#define BYTE_ORDER_LITTLE DW_END_little
#define SECTION_INFO(section_name, bytes)                                                          \
	((section_info){ .as_name = (section_name), .as_type = SHT_PROGBITS, .as_size = (bytes) })
#define METHODS(info, order, length, pointer, count, load)                                         \
	{                                                                                          \
		.om_get_section_info = (info), .om_get_byte_order = (order),                       \
		.om_get_length_size = (length), .om_get_pointer_size = (pointer),                  \
		.om_get_filesize = file_bytes, .om_get_section_count = (count),                    \
		.om_load_section = (load),                                                         \
	}
#define INTERFACE(object, table)                                                                   \
	((mmu_dw_interface){ .ai_object = (object), .ai_methods = (table) })
#define FINISH(dbg) dwarf_object_finish(dbg)

/* It sizes a hash table, whatever the file's true size is. */
static Dwarf_Unsigned file_bytes(void *context)
{
	return 1 << 16;
}

#else

typedef Dwarf_Half section_index;
typedef Dwarf_Obj_Access_Section section_info;
typedef Dwarf_Obj_Access_Methods methods_table;
typedef Dwarf_Endianness byte_order;

#define BYTE_ORDER_BIG DW_OBJECT_MSB
#define BYTE_ORDER_LITTLE DW_OBJECT_LSB
#define SECTION_INFO(section_name, bytes)                                                          \
	((section_info){ .name = (section_name), .type = SHT_PROGBITS, .size = (bytes) })
#define METHODS(info, order, length, pointer, count, load)                                         \
	{                                                                                          \
		.get_section_info = (info), .get_byte_order = (order),                             \
		.get_length_size = (length), .get_pointer_size = (pointer),                        \
		.get_section_count = (count), .load_section = (load),                              \
	}
#define INTERFACE(pointer, table) ((mmu_dw_interface){ .object = (pointer), .methods = (table) })
#define FINISH(dbg)                                                                                \
	do {                                                                                       \
		Dwarf_Error unused_ = NULL;                                                        \
		dwarf_object_finish(dbg, &unused_);                                                \
	} while (0)

#endif

static int get_section_info(void *context, section_index index, section_info *ret, int *error)
{
	const struct mmu_dwarfobject *object = context;

	if (index >= MMU_DW_COUNT)
		return DW_DLV_NO_ENTRY;
	*ret = SECTION_INFO(section_names[index], object->sections[index].bytes.count);
	return DW_DLV_OK;
}

static int load_section(void *context, section_index index, Dwarf_Small **ret, int *error)
{
	const struct mmu_dwarfobject *object = context;

	if (index >= MMU_DW_COUNT || !object->sections[index].bytes.count)
		return DW_DLV_NO_ENTRY;
	*ret = (Dwarf_Small *)(uintptr_t)object->sections[index].bytes.data;
	return DW_DLV_OK;
}

static byte_order get_byte_order(void *context)
{
	const struct mmu_dwarfobject *object = context;

	return object->file->big_endian ? BYTE_ORDER_BIG : BYTE_ORDER_LITTLE;
}

static Dwarf_Small get_word_bytes(void *context)
{
	const struct mmu_dwarfobject *object = context;

	return object->file->elf_class == ELFCLASS64 ? 8 : 4;
}

static Dwarf_Unsigned get_section_count(void *context)
{
	return MMU_DW_COUNT;
}

static const methods_table methods = METHODS(get_section_info, get_byte_order, get_word_bytes,
					     get_word_bytes, get_section_count, load_section);

static void release_sections(struct mmu_dwarfobject *object)
{
	for (int i = 0; i < MMU_DW_COUNT; i++)
		mmu_debugsection_release(&object->sections[i]);
}

struct mmu_dwarf_library mmu_dwarf;

static bool dwarf_loaded;

static void load_dwarf(void)
{
	void *library = mmu_lazy_library(MMU_LAZY_DWARF);

	dwarf_loaded = true;
#define LOAD(name) dwarf_loaded &= mmu_lazy_function(library, "dwarf_" #name, &mmu_dwarf.name);
	MMU_DWARF_FUNCTIONS(LOAD)
#undef LOAD
	dwarf_loaded &= mmu_lazy_function(library, "dwarf_errno", &mmu_dwarf.error_number);
}

static pthread_once_t dwarf_once = PTHREAD_ONCE_INIT;

void mmu_dwarfobject_load(void)
{
	pthread_once(&dwarf_once, load_dwarf);
}

bool mmu_dwarf_no_memory(Dwarf_Error problem)
{
	switch (problem ? dwarf_errno(problem) : DW_DLE_NE) {
	case DW_DLE_ALLOC_FAIL:
	case DW_DLE_DBG_ALLOC:
	case DW_DLE_CHUNK_ALLOC:
	case DW_DLE_STRING_ALLOC:
	case DW_DLE_DIE_ALLOC:
	case DW_DLE_ATTR_ALLOC:
	case DW_DLE_ABBREV_ALLOC:
		return true;
	default:
		return false;
	}
}

struct mmu_error *mmu_dwarfobject_open(const struct mmu_elffile *file, uint64_t limit,
				       struct mmu_dwarfobject *ret)
{
	struct mmu_error *error = NULL;
	Dwarf_Error problem = NULL;

	mmu_dwarfobject_load();
	if (!dwarf_loaded)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, MMU_LAZY_DWARF " can't be loaded");
	*ret = (struct mmu_dwarfobject){ .file = file, .interface = INTERFACE(ret, &methods) };
	for (int i = MMU_DW_NULL + 1; i < MMU_DW_COUNT && !error; i++)
		error = mmu_debugsection_get(file, section_names[i],
					     i == MMU_DW_INFO ? limit : UINT64_MAX,
					     &ret->sections[i]);
	if (!error &&
	    dwarf_object_init_b(&ret->interface, NULL, NULL, 0, &ret->dbg, &problem) != DW_DLV_OK)
		error = mmu_dwarf_no_memory(problem)
				? mmu_error_no_memory()
				: mmu_error_new(MMU_ERROR_CORRUPT,
						"libdwarf refuses the debug info: %s",
						problem ? dwarf_errmsg(problem) : "no debug info");
	if (problem)
		dwarf_dealloc_error(NULL, problem);
	if (error)
		release_sections(ret);
	return error;
}

void mmu_dwarfobject_close(struct mmu_dwarfobject *object)
{
	FINISH(object->dbg);
	release_sections(object);
}
