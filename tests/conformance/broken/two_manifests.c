/* Two manifests, as when two plugins are linked into one. */
#include "parts.h"

__asm__(
    ".pushsection .note.parley, \"a\", @note\n.balign 4\n"
    ".long 7, 2, 1\n.asciz \"PARLEY\"\n.balign 4\n.ascii \"{}\"\n.balign 4\n"
    ".popsection\n");
