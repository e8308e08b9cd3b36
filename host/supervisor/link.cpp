#include "supervisor/link.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::supervisor {

namespace {

constexpr std::size_t kMessageBytesMax = 4096;

union Passed {
    std::array<char, CMSG_SPACE(sizeof(int))> room{};
    cmsghdr alignment;
};

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

bool send(int link, std::string_view verb, std::string_view rest, int descriptor) {
    std::string text(verb);
    if (!rest.empty()) text.append(1, ' ').append(rest.substr(0, kMessageBytesMax - 64));
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    Passed passed;
    if (descriptor >= 0) {
        message.msg_control = passed.room.data();
        message.msg_controllen = passed.room.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(head), &descriptor, sizeof(int));
    }
    for (;;) {
        if (::sendmsg(link, &message, MSG_NOSIGNAL) >= 0) return true;
        if (errno != EINTR) return false;
    }
}

std::optional<Message> receive(int link) {
    std::array<char, kMessageBytesMax> text{};
    iovec part{text.data(), text.size()};
    Passed passed;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = passed.room.data();
    message.msg_controllen = passed.room.size();
    ssize_t size = 0;
    do {
        size = ::recvmsg(link, &message, MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    if (size <= 0) return std::nullopt;
    const std::string_view all(text.data(), static_cast<std::size_t>(size));
    const std::size_t space = std::min(all.find(' '), all.size());
    Message heard;
    heard.verb = all.substr(0, space);
    heard.rest = all.substr(std::min(space + 1, all.size()));
    const cmsghdr* const head = CMSG_FIRSTHDR(&message);
    if (head != nullptr && head->cmsg_type == SCM_RIGHTS) {
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(head), sizeof(int));
        heard.descriptor = Descriptor(descriptor);
    }
    return heard;
}

}  // namespace parley::supervisor
