/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file Landlock: which files a process may open from now on (Linux 5.13, and later ABIs). The
 * constants are our own: include/uapi/linux/landlock.h of Linux 6.12, which old headers lack.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/landlock.h"

/* The same numbers on every architecture but alpha. */
#define CALL_CREATE 444
#define CALL_ADD_RULE 445
#define CALL_RESTRICT_SELF 446
#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR (1ull << 7)
#define FS_MAKE_REG (1ull << 8)
#define FS_TRUNCATE (1ull << 14)
#define FS_ABI_1 ((1ull << 13) - 1)
#define FS_REFER (1ull << 13)     /* ABI 2 */
#define FS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define NET_TCP 3ull              /* ABI 4: bind and connect */
#define SCOPES 3ull               /* ABI 6: abstract sockets, signals */

#define FS_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

int mmu_landlock_abi(void)
{
	static int known = -1; /* it does not change */

	if (known < 0) {
		long abi = syscall(CALL_CREATE, NULL, 0, CREATE_VERSION);

		known = abi > 0 ? (int)abi : 0;
	}
	return known;
}

/* All that the ABI can forbid in file systems. */
static uint64_t known_rights(int abi)
{
	uint64_t ret = FS_ABI_1;

	if (abi >= 2)
		ret |= FS_REFER;
	if (abi >= 3)
		ret |= FS_TRUNCATE;
	if (abi >= 5)
		ret |= FS_IOCTL_DEV;
	return ret;
}

int mmu_landlock_begin(bool network)
{
	int abi = mmu_landlock_abi();
	struct ruleset rules = { .fs = known_rights(abi) };
	size_t bytes = abi < 4 ? 8 : abi < 6 ? 16 : 24;

	if (!network) {
		rules.net = abi >= 4 ? NET_TCP : 0;
		rules.scoped = abi >= 6 ? SCOPES : 0;
	}
	return (int)syscall(CALL_CREATE, &rules, bytes, 0);
}

static bool add_rule(int rules, const struct beneath *rule)
{
	return syscall(CALL_ADD_RULE, rules, RULE_PATH_BENEATH, rule, 0) == 0;
}

bool mmu_landlock_allow(int rules, const char *path, unsigned int rights)
{
	MMU_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct beneath rule = { 0, fd };

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR;
	if (rights & MMU_LANDLOCK_READ)
		rule.allowed |= FS_READ_FILE | FS_READ_DIR | FS_IOCTL_DEV;
	if (rights & MMU_LANDLOCK_EXEC)
		rule.allowed |= FS_EXECUTE;
	if (rights & MMU_LANDLOCK_WRITE)
		rule.allowed |= FS_WRITE_FILE | FS_MAKE_REG | FS_REMOVE_FILE | FS_TRUNCATE;
	if (rights & MMU_LANDLOCK_TREE)
		rule.allowed |= FS_REMOVE_DIR | FS_MAKE_DIR | FS_REFER;
	rule.allowed &= known_rights(mmu_landlock_abi());
	if (add_rule(rules, &rule))
		return true;
	/* a file is refused the rights of a directory; most are directories */
	rule.allowed &= FS_FILE;
	return errno == EINVAL && add_rule(rules, &rule);
}

bool mmu_landlock_enforce(int rules)
{
	return syscall(CALL_RESTRICT_SELF, rules, 0) == 0;
}
