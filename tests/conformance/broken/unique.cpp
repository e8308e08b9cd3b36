// A static of an inline function, which g++ makes unique in the process by default.
#include "parts.h"

template <class T>
struct Counter {
    static T& value() {
        static T count = 0;
        return ++count;
    }
};

__attribute__((visibility("default"), used)) uint64_t count_things() {
    return Counter<uint64_t>::value();
}
