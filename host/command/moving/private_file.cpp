#include "command/moving/private_file.hpp"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace parley::command {

bool write_private_file(const std::string& path, const std::string& text) {
    const auto folder = std::filesystem::path(path).parent_path();
    std::error_code ignored;
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    std::size_t at = 0;
    while (at < text.size()) {
        const ssize_t size = ::write(fd, text.data() + at, text.size() - at);
        if (size <= 0) break;
        at += static_cast<std::size_t>(size);
    }
    return ::close(fd) == 0 && at == text.size();
}

}  // namespace parley::command
