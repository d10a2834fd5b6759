/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The symbols and types that are asked for: each table of a vmlinux is then read once. */
#include <stddef.h>

#include "facts/facts.h"

/*
 * A name that is missing here still works: it costs a second pass. Of debug info, only the core
 * unit is searched for these types, and many units, which can take milliseconds, for others.
 */
/* clang-format off */
static const char *const symbols[] = {
	"init_task", "linux_banner", "_stext", "_text", "init_mm", "swap_info",
	/* special swap types: each tells of a configuration or of a release */
	"memory_failure", "migrate_pages",
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

static const char *const types[] = {
	"task_struct", "signal_struct", "mm_struct", "mm_rss_stat", "percpu_counter",
	"vm_area_struct", "maple_tree", "file", "path", "dentry", "qstr", "list_head",
	"rb_node", "rb_root", "page", NULL
};

/* clang-format on */

const struct mmu_vmlinux_wants mmu_fact_wants = { symbols, types };
