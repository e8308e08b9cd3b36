#include "base/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace parley::base {

void open_standard_streams() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        // What is opened takes the lowest number that is free, which is this one.
        if (::fcntl(stream, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
    }
}

}  // namespace parley::base
