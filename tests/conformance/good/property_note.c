/* Has notes of several alignments, which linkers put into one segment. */
#include "parts.h"

__asm__(
    ".pushsection .note.parley.test.a, \"a\", @note\n.balign 4\n"
    ".long 5, 1, 7\n.asciz \"ACME\"\n.balign 4\n.byte 1\n.balign 4\n.popsection\n"
    ".pushsection .note.gnu.property, \"a\", @note\n.balign 8\n"
    ".long 4, 16, 5\n.asciz \"GNU\"\n.long 0xc0008002, 4, 1, 0\n.popsection\n"
    ".pushsection .note.parley.test.b, \"a\", @note\n.balign 4\n"
    ".long 5, 0, 7\n.asciz \"ACME\"\n.balign 4\n.popsection\n");
