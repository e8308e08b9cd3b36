#include "command/secret_file.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <termios.h>
#include <unistd.h>

namespace parley::command {

using base::Result;
using base::Secret;

namespace {

// Typed text is not shown while this lives.
class Unseen {
public:
    Unseen() {
        is_terminal_ = ::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &before_) == 0;
        if (!is_terminal_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        std::cerr << "not shown while you type: " << std::flush;
    }

    ~Unseen() {
        if (!is_terminal_) return;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        std::cerr << '\n';
    }

    Unseen(const Unseen&) = delete;
    Unseen& operator=(const Unseen&) = delete;

    bool is_terminal() const { return is_terminal_; }

private:
    termios before_{};
    bool is_terminal_ = false;
};

std::string read_all(std::istream& from) {
    return {std::istreambuf_iterator<char>(from), std::istreambuf_iterator<char>()};
}

}  // namespace

Result<Secret> read_secret_file(const std::string& file) {
    std::string text;
    if (file == "-") {
        const Unseen unseen;
        if (unseen.is_terminal()) {
            std::getline(std::cin, text);
        } else {
            text = read_all(std::cin);
        }
    } else {
        std::ifstream from(file, std::ios::binary);
        if (!from) return base::client_error(PARLEY_E_NOT_FOUND, file + ": cannot be read");
        text = read_all(from);
    }
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (text.empty()) {
        const std::string where = file == "-" ? "standard input" : file;
        return base::client_error(PARLEY_E_INVALID_ARGUMENT, where + ": nothing stands there");
    }
    return Secret(std::move(text));
}

}  // namespace parley::command
