#include "process.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::store_test {

Process::Process(const std::vector<std::string>& words, const std::vector<std::string>& extra) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("no pipe");
    }
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    // Of two with one name the first counts.
    for (const std::string& one : extra) environment.push_back(const_cast<char*>(one.c_str()));
    for (char** at = ::environ; *at != nullptr; ++at) environment.push_back(*at);
    environment.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        ::execvpe(arguments[0], arguments.data(), environment.data());
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = out[0];
}

Process::~Process() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
    if (input_ >= 0) ::close(input_);
    ::close(output_);
}

std::string Process::line() {
    for (;;) {
        const std::size_t end = read_.find('\n');
        if (end != read_.npos) {
            std::string line = read_.substr(0, end);
            read_.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> piece{};
        const ssize_t count = ::read(output_, piece.data(), piece.size());
        if (count <= 0) return {};
        read_.append(piece.data(), static_cast<std::size_t>(count));
    }
}

std::vector<std::string> Process::lines() {
    std::vector<std::string> all;
    for (std::string next = line(); !next.empty(); next = line()) all.push_back(next);
    return all;
}

void Process::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

void Process::close_input() {
    if (input_ >= 0) ::close(input_);
    input_ = -1;
}

int Process::wait() {
    if (pid_ <= 0) return code_;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return code_;
}

std::string output_of(const std::vector<std::string>& words) {
    Process process(words);
    process.close_input();
    std::string text;
    for (const std::string& line : process.lines()) text += line + '\n';
    const int code = process.wait();
    if (code != 0) {
        std::string all;
        for (const std::string& word : words) all += word + ' ';
        throw std::runtime_error(all + "ended with " + std::to_string(code) + ": " + text);
    }
    return text;
}

std::string program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string file = folder + '/' + name;
        if (::access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
}

}  // namespace parley::store_test
