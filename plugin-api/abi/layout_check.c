/* Holds the headers to the golden. Compiled, never run: as C and as C++, by every compiler at hand,
 * so that a plugin in any of them sees the same border. */
#include "parley/all.h"

#if defined(__cplusplus)
#define PARLEY_ASSERT(condition, words) static_assert(condition, words)
#define PARLEY_ALIGNOF(type) alignof(type)

template <class A, class B>
struct parley_same {
    static constexpr bool value = false;
};

template <class A>
struct parley_same<A, A> {
    static constexpr bool value = true;
};

#define PARLEY_FIELD_IS(s, f, t) (parley_same<decltype(s::f), t>::value)
#define PARLEY_ARRAY_IS(s, f, t, n) (parley_same<decltype(s::f), t[n]>::value)
#else
#define PARLEY_ASSERT(condition, words) _Static_assert(condition, words)
#define PARLEY_ALIGNOF(type) _Alignof(type)
#define PARLEY_FIELD_IS(s, f, t) (_Generic(((s *)0)->f, t : 1, default : 0))
#define PARLEY_ARRAY_IS(s, f, t, n) (_Generic(&((s *)0)->f, t(*)[n] : 1, default : 0))
#endif

/* The border is for 64-bit little-endian machines with IEEE 754 numbers. */
PARLEY_ASSERT(sizeof(void *) == 8 && sizeof(void (*)(void)) == 8, "pointers have 64 bits");
PARLEY_ASSERT(sizeof(double) == 8 && __DBL_MANT_DIG__ == 53, "double is binary64");
PARLEY_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the machine is little-endian");

#define PARLEY_LAYOUT_STRUCT(s, size, align)                                    \
    PARLEY_ASSERT(sizeof(s) == (size), #s ": its size changed");                \
    PARLEY_ASSERT(PARLEY_ALIGNOF(s) == (align), #s ": its alignment changed");  \
    PARLEY_ASSERT((size) % 8 == 0, #s ": its size is not a multiple of 8");
#define PARLEY_LAYOUT_PLACE(s, f, at, size)                                     \
    PARLEY_ASSERT(offsetof(s, f) == (at), #s "." #f ": it moved");              \
    PARLEY_ASSERT(sizeof(((s *)0)->f) == (size), #s "." #f ": its size changed");
#define PARLEY_LAYOUT_FIELD(s, f, t, at, size)                                  \
    PARLEY_LAYOUT_PLACE(s, f, at, size)                                         \
    PARLEY_ASSERT(PARLEY_FIELD_IS(s, f, t), #s "." #f ": its type changed");
#define PARLEY_LAYOUT_ARRAY(s, f, t, n, at, size)                               \
    PARLEY_LAYOUT_PLACE(s, f, at, size)                                         \
    PARLEY_ASSERT(PARLEY_ARRAY_IS(s, f, t, n), #s "." #f ": its type changed");
#define PARLEY_LAYOUT_NUMBER(name, value) \
    PARLEY_ASSERT((name) == (value), #name ": its value changed");
/* No compiler compares texts in an assertion; abi.golden compares the words. */
#define PARLEY_LAYOUT_TEXT(name, value) \
    PARLEY_ASSERT(sizeof(name) == sizeof(value), #name ": its length changed");

#include "layout_v0_1.inc"
