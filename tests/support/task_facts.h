/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the made-up kernels of the tests keep what a task is made of. */
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
/* clang-format on */

#endif
