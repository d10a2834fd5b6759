/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Far behind the core unit of a vmlinux-like file: a type that few source files see. */

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
/* A unit of DWARF 4 with nothing in it, whose entry has no attributes. */
#define UNIT_OF(bytes)                                                                             \
	".long 8 + " bytes                                                                         \
	"\n.short 4\n.long .Labbrev\n.byte " TEXT(__SIZEOF_POINTER__) "\n.byte 1\n.skip " bytes    \
								      "\n"

__asm__(".pushsection .debug_abbrev,\"\",%progbits\n"
	".Labbrev: .byte 1, 0x11, 0, 0, 0, 0\n"
	".popsection\n"
	".pushsection .debug_info,\"\",%progbits\n"
	".rept 300\n" UNIT_OF("4") ".endr\n"
#ifdef LIKE_BULKY
	UNIT_OF("8000000") /* so much is not decompressed first */
#endif
	".popsection\n");

struct rq {
	int before, after;
	struct rq *curr;
} runqueues = { 1 };
