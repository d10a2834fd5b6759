/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Paths of files, by dentries and mounts, as fs/d_path.c puts them together. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmuscope/mmuscope.h"
#include "objects/path.h"

/* NAME_MAX, and a NUL */
#define COMPONENT_BYTES 256u
/* PATH_MAX holds half as many components; mounts on mounts come on top. Damage forms circles. */
#define STEPS_MAX 4096u

/* ------------------------------------------------------------------ objects */

struct file_fields {
	struct mmu_field path, dentry, mount, inode, mode, user_path, mapping, pages;
	struct mmu_number file_bytes;
};

static const struct mmu_field_def file_defs[] = {
	MMU_FIELD_BYTES(struct file_fields, path, "file.f_path", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct file_fields, dentry, "path.dentry", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct file_fields, mount, "path.mnt", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct file_fields, inode, "file.f_inode", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct file_fields, mode, "file.f_mode", 4, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct file_fields, user_path, "backing_file.user_path", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct file_fields, mapping, "file.f_mapping", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct file_fields, pages, "address_space.i_pages.xa_head", 0,
			MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct file_fields, file_bytes, "SIZE(file)", MMU_OPTIONAL),
};
static const struct mmu_layout file_layout = MMU_LAYOUT(FILE, "file", struct file_fields,
							file_defs);

struct dentry_fields {
	struct mmu_field parent, name, text, hashed, ops, inode;
};

static const struct mmu_field_def dentry_defs[] = {
	MMU_FIELD_POINTER(struct dentry_fields, parent, "dentry.d_parent", MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct dentry_fields, name, "dentry.d_name", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct dentry_fields, text, "qstr.name", 0, MMU_NEED),
	MMU_FIELD_POINTER(struct dentry_fields, hashed, "dentry.d_hash.pprev", MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct dentry_fields, ops, "dentry.d_op", MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct dentry_fields, inode, "dentry.d_inode", MMU_OPTIONAL),
};
static const struct mmu_layout dentry_layout = MMU_LAYOUT(DENTRY, "dentry", struct dentry_fields,
							  dentry_defs);

/* File systems that name dentries themselves (fs/d_path.c, fs/anon_inodes.c, net/socket.c). */
struct namer_fields {
	struct mmu_field namer, inode_number;
	struct mmu_number simple, anon_inode, socket;
};

static const struct mmu_field_def namer_defs[] = {
	MMU_FIELD_BYTES(struct namer_fields, namer, "dentry_operations.d_dname", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct namer_fields, inode_number, "inode.i_ino", 0, MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct namer_fields, simple, "SYMBOL(simple_dname)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct namer_fields, anon_inode, "SYMBOL(anon_inodefs_dname)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct namer_fields, socket, "SYMBOL(sockfs_dname)", MMU_OPTIONAL),
};
static const struct mmu_layout namer_layout = MMU_LAYOUT(NAMER, "dentry_operations",
							 struct namer_fields, namer_defs);

/*
 * Of a struct mount, as seen from the struct vfsmount in it that paths refer to. fs/mount.h is seen
 * by few units, and to find one would take a second. Its start is the same in 3.3 to 7.x: two
 * pointers, the parent, the mount point, the vfsmount, which begins with its root. Where types say
 * it, they are asked. What is found is checked: dentries must lead to the root of their mount.
 */
struct mount_fields {
	struct mmu_field vfsmount, parent, point, root;
};

static const struct mmu_field_def mount_defs[] = {
	MMU_FIELD_BYTES(struct mount_fields, vfsmount, "mount.mnt", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct mount_fields, parent, "mount.mnt_parent", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct mount_fields, point, "mount.mnt_mountpoint", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct mount_fields, root, "vfsmount.mnt_root", 0, MMU_OPTIONAL),
};
static const struct mmu_layout mount_layout = MMU_LAYOUT(MOUNT, "mount", struct mount_fields,
							 mount_defs);

/* The table of a layout whose objects are read by pointers; NULL: a needed field is not known. */
static const void *fields_of(const struct mmu_peek *peek, const struct mmu_layout *layout)
{
	const void *found = NULL;

	mmu_error_destroy(mmu_layout_need(peek->memory->kernel, layout, &found, NULL));
	return found;
}

struct dentry {
	uint64_t va, parent_va, text_va, ops_va, inode_va;
	bool unhashed;
};

/* @return false: it can't be read */
static bool read_dentry(const struct mmu_peek *peek, uint64_t va, struct dentry *ret)
{
	struct mmu_copy copy;
	const struct dentry_fields *fields;
	struct dentry dentry = { .va = va };

	if (!mmu_peek_object(peek, &dentry_layout, va, &copy))
		return false;
	fields = copy.fields;
	if (fields->parent.known)
		dentry.parent_va = mmu_copy_get(&copy, &fields->parent);
	if (fields->ops.known)
		dentry.ops_va = mmu_copy_get(&copy, &fields->ops);
	if (fields->inode.known)
		dentry.inode_va = mmu_copy_get(&copy, &fields->inode);
	dentry.unhashed = fields->hashed.known && !mmu_copy_get(&copy, &fields->hashed);
	if (!mmu_peek_pointer(peek, va + fields->name.offset + fields->text.offset,
			      &dentry.text_va))
		return false;
	*ret = dentry;
	return true;
}

struct mount {
	uint64_t va, root_va, parent_va, point_va; /* va and parent_va: of the struct vfsmount */
};

/* @return false: it can't be read */
static bool read_mount(const struct mmu_peek *peek, uint64_t va, struct mount *ret)
{
	const struct mount_fields *fields = fields_of(peek, &mount_layout);
	uint64_t pointer_bytes = mmu_kernel_pointer_bytes(peek->memory->kernel);
	struct mount mount = { .va = va };

	if (!fields)
		return false;
	bool told = fields->vfsmount.known && fields->parent.known && fields->point.known;
	uint64_t outer_bytes = told ? fields->vfsmount.offset : 4 * pointer_bytes;
	uint64_t parent = told ? fields->parent.offset : 2 * pointer_bytes;
	uint64_t point = told ? fields->point.offset : 3 * pointer_bytes;
	if (!mmu_peek_pointer(peek, va + (fields->root.known ? fields->root.offset : 0),
			      &mount.root_va) ||
	    !mmu_peek_pointer(peek, va - outer_bytes + parent, &mount.parent_va) ||
	    !mmu_peek_pointer(peek, va - outer_bytes + point, &mount.point_va))
		return false;
	mount.parent_va += outer_bytes;
	*ret = mount;
	return true;
}

/* ------------------------------------------------------------------ which path of a file */

/*
 * include/linux/fs.h: a file that another file system opened underneath has one of these since 6.5
 * (62d53c4a1dfe); which one changed in 6.14. They meant other things before or after.
 */
#define FMODE_BACKING 0x3000000u

static bool file_inode(const struct mmu_peek *peek, const struct file_fields *fields,
		       uint64_t file_va, uint64_t *ret)
{
	return fields->inode.known && mmu_peek_pointer(peek, file_va + fields->inode.offset, ret);
}

/* Is this a struct path: do its two halves lie in one file system? */
static bool is_path(const struct mmu_peek *peek, const struct file_fields *fields, uint64_t path_va)
{
	uint64_t mount_va, dentry_va, mount_super_va;
	struct dentry dentry;
	struct mmu_inode inode;

	/* struct vfsmount begins with its root, then the super_block: 3.3 to 7.x */
	return fields->mount.known &&
	       mmu_peek_pointer(peek, path_va + fields->mount.offset, &mount_va) &&
	       mmu_peek_pointer(peek, mount_va + mmu_kernel_pointer_bytes(peek->memory->kernel),
				&mount_super_va) &&
	       mmu_peek_pointer(peek, path_va + fields->dentry.offset, &dentry_va) &&
	       read_dentry(peek, dentry_va, &dentry) &&
	       mmu_inode_read(peek, dentry.inode_va, &inode) && inode.super_va == mount_super_va;
}

/*
 * Where the struct path lies that users see. A file below an overlay keeps that behind itself since
 * 6.8 (def3ae83da02), and its own in f_path; before it had the overlay's there, with the inode of
 * another file. fs/file_table.c alone sees the outer struct.
 */
static uint64_t user_path_va(const struct mmu_peek *peek, const struct file_fields *fields,
			     uint64_t file_va, bool *ret_backing)
{
	uint64_t path_va = file_va + fields->path.offset, dentry_va, inode_va, mode;
	struct dentry dentry;

	*ret_backing = false;
	if (!fields->mode.known || !(fields->user_path.known || fields->file_bytes.known) ||
	    !mmu_peek_number(peek, file_va + fields->mode.offset, 4, &mode) ||
	    !(mode & FMODE_BACKING) || !file_inode(peek, fields, file_va, &inode_va) ||
	    !mmu_peek_pointer(peek, path_va + fields->dentry.offset, &dentry_va) ||
	    !read_dentry(peek, dentry_va, &dentry) || dentry.inode_va != inode_va)
		return path_va;
	uint64_t user_va = file_va + (fields->user_path.known ? fields->user_path.offset
							      : fields->file_bytes.value);
	*ret_backing = is_path(peek, fields, user_va);
	return *ret_backing ? user_va : path_va;
}

void mmu_file_id_read(const struct mmu_peek *peek, uint64_t file_va, struct mmu_file_id *ret)
{
	const struct file_fields *file = fields_of(peek, &file_layout);
	struct mmu_inode inode;
	struct dentry dentry;
	uint64_t va, inode_va;
	bool backing;

	ret->known = false;
	if (!file || !file_inode(peek, file, file_va, &inode_va))
		return;
	va = user_path_va(peek, file, file_va, &backing);
	if (backing) {
		if (!mmu_peek_pointer(peek, va + file->dentry.offset, &va) ||
		    !read_dentry(peek, va, &dentry))
			return;
		inode_va = dentry.inode_va;
	}
	ret->known = mmu_inode_read(peek, inode_va, &inode);
	if (!ret->known)
		return;
	ret->inode = inode.number;
	/* include/linux/kdev_t.h: MINORBITS */
	ret->major = inode.device >> 20;
	ret->minor = inode.device & 0xfffff;
}

bool mmu_file_object_read(const struct mmu_peek *peek, uint64_t file_va,
			  struct mmu_inode *ret_inode, uint64_t *ret_pages_va)
{
	const struct file_fields *file = fields_of(peek, &file_layout);
	uint64_t inode_va, mapping_va = 0;

	if (!file || !file_inode(peek, file, file_va, &inode_va) ||
	    !mmu_inode_read(peek, inode_va, ret_inode))
		return false;
	if (file->mapping.known && file->pages.known)
		mmu_peek_pointer(peek, file_va + file->mapping.offset, &mapping_va);
	*ret_pages_va = mapping_va ? mapping_va + file->pages.offset : 0;
	return true;
}

/* ------------------------------------------------------------------ texts */

/* A path grows to the left. */
struct path {
	char *text;
	size_t at; /* where it begins */
};

/* @return false: it is too long */
static bool prepend(struct path *path, const char *text)
{
	size_t bytes = strlen(text);

	if (bytes > path->at)
		return false;
	path->at -= bytes;
	memcpy(path->text + path->at, text, bytes);
	return true;
}

static bool prepend_component(const struct mmu_peek *peek, const struct dentry *dentry,
			      struct path *path)
{
	char text[1 + COMPONENT_BYTES] = "/";

	return mmu_peek_text(peek, dentry->text_va, text + 1, COMPONENT_BYTES) && text[1] &&
	       prepend(path, text);
}

static bool names_itself(const struct mmu_peek *peek, const struct namer_fields *fields,
			 const struct dentry *dentry, uint64_t *ret)
{
	return fields && fields->namer.known && dentry->ops_va &&
	       mmu_peek_pointer(peek, dentry->ops_va + fields->namer.offset, ret) && *ret;
}

static bool is_function(const struct mmu_number *symbol, uint64_t va)
{
	/* bit 0 of a pointer says that it is Thumb code */
	return symbol->known && (symbol->value | 1) == (va | 1);
}

/* The name of a dentry that has d_dname(), a function of the kernel's. */
static enum mmu_vma_named own_name(const struct mmu_peek *peek, const struct namer_fields *fields,
				   uint64_t namer_va, const struct file_fields *file,
				   uint64_t file_va, const char *name, char *ret)
{
	uint64_t inode_va, number;

	if (is_function(&fields->simple, namer_va)) {
		snprintf(ret, MMU_PATH_BYTES, "/%s (deleted)", name);
	} else if (is_function(&fields->anon_inode, namer_va)) {
		snprintf(ret, MMU_PATH_BYTES, "anon_inode:%s", name);
	} else if (is_function(&fields->socket, namer_va) && file->inode.known &&
		   fields->inode_number.known &&
		   mmu_peek_pointer(peek, file_va + file->inode.offset, &inode_va) &&
		   mmu_peek_pointer(peek, inode_va + fields->inode_number.offset, &number)) {
		snprintf(ret, MMU_PATH_BYTES, "socket:[%" PRIu64 "]", number);
	} else {
		snprintf(ret, MMU_PATH_BYTES, "%s", name);
		return name[0] ? MMU_VMA_NAME_PART : MMU_VMA_NAME_NONE;
	}
	return MMU_VMA_NAME_PATH;
}

/* ------------------------------------------------------------------ the way to the root */

/* @return false: something on the way is not there, or makes no sense */
static bool climb(const struct mmu_peek *peek, struct dentry dentry, struct mount mount,
		  struct path *path)
{
	for (unsigned int step = 0; step < STEPS_MAX; step++) {
		uint64_t next_va = dentry.parent_va;

		if (dentry.va == mount.root_va) {
			if (mount.parent_va == mount.va)
				return true;
			next_va = mount.point_va;
			if (!read_mount(peek, mount.parent_va, &mount))
				return false;
		} else if (next_va == dentry.va || !prepend_component(peek, &dentry, path)) {
			return false;
		}
		if (!read_dentry(peek, next_va, &dentry))
			return false;
	}
	return false;
}

static enum mmu_vma_named finish(const struct path *path, bool whole, const char *name, char *ret)
{
	if (whole && !path->text[path->at]) {
		strcpy(ret, "/");
	} else if (path->text[path->at] == '/') {
		memmove(ret, path->text + path->at + !whole, MMU_PATH_BYTES - path->at - !whole);
	} else {
		snprintf(ret, MMU_PATH_BYTES, "%s", name);
		whole = false;
	}
	return whole ? MMU_VMA_NAME_PATH : ret[0] ? MMU_VMA_NAME_PART : MMU_VMA_NAME_NONE;
}

enum mmu_vma_named mmu_path_read(const struct mmu_peek *peek, uint64_t file_va,
				 char ret[MMU_PATH_BYTES])
{
	const struct file_fields *fields = fields_of(peek, &file_layout);
	const struct namer_fields *namer = fields_of(peek, &namer_layout);
	char name[COMPONENT_BYTES] = "";
	struct path path = { ret, MMU_PATH_BYTES - 1 };
	struct dentry dentry;
	struct mount mount;
	uint64_t path_va, va, namer_va;
	bool backing;

	ret[0] = ret[MMU_PATH_BYTES - 1] = '\0';
	if (!fields)
		return MMU_VMA_NAME_NONE;
	path_va = user_path_va(peek, fields, file_va, &backing);
	if (!mmu_peek_pointer(peek, path_va + fields->dentry.offset, &va) ||
	    !read_dentry(peek, va, &dentry))
		return MMU_VMA_NAME_NONE;
	bool name_whole = mmu_peek_text(peek, dentry.text_va, name, sizeof(name));
	if (!fields->mount.known || !dentry.parent_va) {
		strcpy(ret, name);
		return name[0] ? MMU_VMA_NAME_LAST : MMU_VMA_NAME_NONE;
	}
	bool placed = mmu_peek_pointer(peek, path_va + fields->mount.offset, &va) &&
		      read_mount(peek, va, &mount);
	bool root = dentry.parent_va == dentry.va;
	if (name_whole && names_itself(peek, namer, &dentry, &namer_va) &&
	    (!root || (placed && dentry.va != mount.root_va)))
		return own_name(peek, namer, namer_va, fields, file_va, name, ret);
	bool good = placed && (root || !dentry.unhashed || prepend(&path, " (deleted)")) &&
		    climb(peek, dentry, mount, &path);
	return finish(&path, good, name, ret);
}
