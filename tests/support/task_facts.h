/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the made-up kernels of the tests keep what tasks and spaces are made of. */
#ifndef MMU_SUPPORT_TASK_FACTS_H
#define MMU_SUPPORT_TASK_FACTS_H

/* clang-format off */
/** For an array of facts; SYMBOL(init_task) is each kernel's own. */
#define TASK_FACTS \
	"OFFSET(task_struct.pid)=0", \
	"SIZE(task_struct.pid)=4", \
	"OFFSET(task_struct.tgid)=4", \
	"SIZE(task_struct.tgid)=4", \
	"OFFSET(task_struct.flags)=8", \
	"SIZE(task_struct.flags)=4", \
	"OFFSET(task_struct.exit_state)=12", \
	"SIZE(task_struct.exit_state)=4", \
	"OFFSET(task_struct.mm)=16", \
	"SIZE(task_struct.mm)=8", \
	"OFFSET(task_struct.active_mm)=24", \
	"SIZE(task_struct.active_mm)=8", \
	"OFFSET(task_struct.comm)=32", \
	"OFFSET(task_struct.tasks)=48", \
	"OFFSET(task_struct.thread_node)=64", \
	"OFFSET(task_struct.signal)=80", \
	"SIZE(task_struct.signal)=8", \
	"OFFSET(signal_struct.thread_head)=16", \
	"OFFSET(mm_struct.pgd)=0", \
	"SIZE(mm_struct.pgd)=8"

/** Likewise of an mm, its VMAs and the names of files; its tree of VMAs is each kernel's own. */
#define SPACE_FACTS \
	"OFFSET(mm_struct.pgtables_bytes)=8", \
	"OFFSET(mm_struct.rss_stat)=16", \
	"LENGTH(mm_struct.rss_stat.count)=4", \
	"OFFSET(mm_struct.brk)=48", \
	"SIZE(mm_struct.brk)=8", \
	"OFFSET(mm_struct.start_brk)=56", \
	"SIZE(mm_struct.start_brk)=8", \
	"OFFSET(mm_struct.start_stack)=64", \
	"SIZE(mm_struct.start_stack)=8", \
	"OFFSET(vm_area_struct.vm_start)=0", \
	"SIZE(vm_area_struct.vm_start)=8", \
	"OFFSET(vm_area_struct.vm_end)=8", \
	"SIZE(vm_area_struct.vm_end)=8", \
	"OFFSET(vm_area_struct.vm_flags)=16", \
	"SIZE(vm_area_struct.vm_flags)=8", \
	"OFFSET(vm_area_struct.vm_file)=24", \
	"SIZE(vm_area_struct.vm_file)=8", \
	"OFFSET(file.f_path)=8", \
	"OFFSET(path.dentry)=8", \
	"OFFSET(dentry.d_name)=16", \
	"OFFSET(qstr.name)=8"
/* clang-format on */

#endif
