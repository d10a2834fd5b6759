/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Inodes and the file systems that they belong to: include/linux/fs.h. */
#include "objects/inode.h"

struct inode_fields {
	struct mmu_field number, super;
};

static const struct mmu_field_def inode_defs[] = {
	MMU_FIELD(struct inode_fields, number, "inode.i_ino", MMU_NEED),
	MMU_FIELD_POINTER(struct inode_fields, super, "inode.i_sb", MMU_NEED),
};
static const struct mmu_layout inode_layout = MMU_LAYOUT(INODE, "inode", struct inode_fields,
							 inode_defs);

struct super_fields {
	struct mmu_field device, magic, block_bytes;
};

static const struct mmu_field_def super_defs[] = {
	MMU_FIELD_BYTES(struct super_fields, device, "super_block.s_dev", 4, MMU_NEED),
	MMU_FIELD_POINTER(struct super_fields, magic, "super_block.s_magic", MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct super_fields, block_bytes, "super_block.s_blocksize",
			  MMU_OPTIONAL),
};
static const struct mmu_layout super_layout = MMU_LAYOUT(SUPER, "super_block", struct super_fields,
							 super_defs);

bool mmu_inode_read(const struct mmu_peek *peek, uint64_t inode_va, struct mmu_inode *ret)
{
	struct mmu_copy copy;
	struct mmu_inode inode = { 0 };

	if (!inode_va || !mmu_peek_object(peek, &inode_layout, inode_va, &copy))
		return false;
	const struct inode_fields *fields = copy.fields;
	inode.number = mmu_copy_get(&copy, &fields->number);
	inode.super_va = mmu_copy_get(&copy, &fields->super);
	if (!mmu_peek_object(peek, &super_layout, inode.super_va, &copy))
		return false;
	const struct super_fields *super = copy.fields;
	inode.device = (uint32_t)mmu_copy_get(&copy, &super->device);
	if (super->magic.known)
		inode.magic = mmu_copy_get(&copy, &super->magic);
	if (super->block_bytes.known)
		inode.block_bytes = mmu_copy_get(&copy, &super->block_bytes);
	*ret = inode;
	return true;
}
