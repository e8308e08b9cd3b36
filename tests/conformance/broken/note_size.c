/* A manifest whose note is said to be longer than it is. */
#include "parts.h"

__asm__(
    ".pushsection .note.parley, \"a\", @note\n.balign 4\n"
    ".long 7, 0xfffffff0, 1\n.asciz \"PARLEY\"\n.balign 4\n.ascii \"{}\"\n.balign 4\n"
    ".popsection\n");
