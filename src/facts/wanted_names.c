/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The symbols and types that will be asked for, gathered from lists and tables of fields. */
#include "base/list.h"
#include "facts/facts.h"
#include "facts/wanted_names.h"

/*
 * A name that is missing here still works: it costs a second pass. Of debug info, only the core
 * unit is searched for these types, and many units, which can take milliseconds, for others.
 */
/* clang-format off */
static const char *const core_symbols[] = {
	"init_task", "linux_banner", "_stext", "_text", "init_mm", "swap_info",
	/* special swap types: each tells of a configuration or of a release */
	"memory_failure", "migrate_pages", "make_device_exclusive", "make_device_exclusive_range",
	"migrate_vma_setup", "device_private_entry_fault", "mas_find", "do_vmi_munmap",
	"nr_swapfiles",
	/* what VMAs map, and which frame is all zeros */
	"special_mapping_name", "simple_dname", "anon_inodefs_dname", "sockfs_dname", "gate_vma",
	"vsyscall_mode", "zero_pfn", "zero_page_pfn", "huge_zero_pfn",
	/* per-CPU counters */
	"__per_cpu_offset", "nr_cpu_ids",
	/* what the kernel carries about itself */
	"__start_BTF", "__stop_BTF", "_end", "_sinittext",
	"_binary__btf_vmlinux_bin_start", "_binary__btf_vmlinux_bin_end",
	/* in VMCOREINFO, and compared with it */
	"init_uts_ns", "kallsyms_names", "kallsyms_num_syms", "kallsyms_token_table",
	"kallsyms_token_index", "kallsyms_offsets", "kallsyms_relative_base",
	/* what an extract holds of the kernel itself */
	"__start_rodata", "__end_rodata", "_sdata", "_edata", "__bss_start", "__bss_stop",
	"__per_cpu_start", "__per_cpu_end", "idle_threads", "mem_map", "vmemmap_base", "modules",
	"init_pid_ns", NULL
};

static const char *const core_types[] = {
	"task_struct", "thread_info", "signal_struct", "mm_struct", "mm_rss_stat", "percpu_counter",
	"vm_area_struct", "maple_tree", "file", "path", "dentry", "qstr", "list_head",
	"rb_node", "rb_root", "page", "vm_operations_struct", "vm_special_mapping",
	"anon_vma_name", "dentry_operations", "inode", "vfsmount", "address_space",
	"super_block", "pid", "xarray", "pid_namespace", "upid", "idr", "xa_node", "folio",
	/* defined far away in the debug info, where none is looked for: BTF alone knows them */
	"mount", "backing_file", NULL
};

/* clang-format on */

const struct mmu_vmlinux_wants mmu_fact_wants = { core_symbols, core_types };

/* ------------------------------------------------------------------ gathered */

/* @return false: no memory */
static bool add(const char ***list, size_t *nr, const char *name)
{
	for (size_t i = 0; i + 1 < *nr; i++)
		if (strcmp((*list)[i], name) == 0)
			return true;
	if (!*nr) {
		if (!mmu_list_room(list, 0, sizeof(**list)))
			return false;
		(*list)[(*nr)++] = NULL;
	}
	if (!mmu_list_room(list, *nr, sizeof(**list)))
		return false;
	(*list)[*nr - 1] = name;
	(*list)[(*nr)++] = NULL;
	return true;
}

struct mmu_error *mmu_wanted_names_add(struct mmu_wanted_names *names, const char *const *symbols,
				       const char *const *types)
{
	for (; symbols && *symbols; symbols++)
		if (!add(&names->symbols, &names->nr_symbols, *symbols))
			return mmu_error_no_memory();
	for (; types && *types; types++)
		if (!add(&names->types, &names->nr_types, *types))
			return mmu_error_no_memory();
	return NULL;
}

/* Of a key "SYMBOL(name)", "SIZE(type)", "OFFSET(type.member)", or of a bare "type.member". */
static bool add_key(struct mmu_wanted_names *names, const char *key, size_t bytes)
{
	const char *open = memchr(key, '(', bytes);
	const char *name = open ? open + 1 : key;
	size_t length = strcspn(name, ".|)");
	bool symbol = open && name[length] != '.' && strncmp(key, "SIZE(", 5) != 0;

	/* a key without brackets names neither a symbol nor a type */
	if (!open && name[length] != '.')
		return true;
	if (!mmu_list_room(&names->cut, names->nr_cut, sizeof(*names->cut)))
		return false;
	char *copy = names->cut[names->nr_cut] = strndup(name, length);
	if (!copy)
		return false;
	names->nr_cut++;
	return symbol ? add(&names->symbols, &names->nr_symbols, copy)
		      : add(&names->types, &names->nr_types, copy);
}

struct mmu_error *mmu_wanted_names_add_fields(struct mmu_wanted_names *names,
					      const struct mmu_field_def *defs, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const char *at = defs[i].names;

		for (bool more = true; more;) {
			size_t bytes = strcspn(at, "|");

			if (!add_key(names, at, bytes))
				return mmu_error_no_memory();
			more = at[bytes];
			at += bytes + 1;
		}
	}
	return NULL;
}

void mmu_wanted_names_destroy(struct mmu_wanted_names *names)
{
	for (size_t i = 0; i < names->nr_cut; i++)
		free(names->cut[i]);
	free(names->cut);
	free(names->symbols);
	free(names->types);
	*names = (struct mmu_wanted_names){ 0 };
}
