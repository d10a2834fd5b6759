/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the parts of the guest's init share. */
#ifndef MMUSCOPE_VM_GUEST_H
#define MMUSCOPE_VM_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PAGE_BYTES 4096ul
#define THP "/sys/kernel/mm/transparent_hugepage/"
#define ROWS "/tmp/rows" /* rows that the processes write themselves: L and C */

/** A line on the console. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The number behind mmuscope.NAME= on the kernel command line, or 0. */
uint64_t parameter(const char *name);

/** Make all processes and mappings; when it returns, they sleep. */
void start_processes(void);

/**
 * Tell QEMU where VMCOREINFO lies, on kernels that have no driver for that.
 * @param fwcfg_pa  physical address of fw_cfg's registers
 */
void hand_over_vmcoreinfo(uint64_t fwcfg_pa);

#endif
