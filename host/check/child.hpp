// check/child.hpp: a piece of work in a process of its own, which may end in any way.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.hpp"

namespace parley::check {

// What a child writes down while it works, in memory that outlives it.
class Slate {
public:
    Slate();
    Slate(const Slate&) = delete;
    Slate& operator=(const Slate&) = delete;
    ~Slate();

    explicit operator bool() const { return page_ != nullptr; }

    void enter(std::string_view place);
    // The worst verdict stays; the first texts are kept.
    void say(Verdict verdict, std::string_view text);
    void finish();

    bool is_finished() const;
    Verdict verdict() const;
    std::string place() const;
    std::string text() const;

private:
    struct Page;

    Page* page_ = nullptr;
};

// What a child hands over, line by line, and what it had handed over when it ended early.
class Scroll {
public:
    Scroll();
    Scroll(const Scroll&) = delete;
    Scroll& operator=(const Scroll&) = delete;
    ~Scroll();

    // In the child. The line holds no line break.
    void add(const std::string& line) const;

    // In the parent, after the child's end.
    std::vector<std::string> lines() const;

private:
    int file_;
};

// Runs `work` in a child and says what came of it: what the slate has, or how the child ended.
// What it prints is caught; `printed` gets the beginning.
Outcome in_a_child(const std::function<void(Slate&)>& work,
                   std::chrono::milliseconds time_max,
                   std::string* printed = nullptr);

}  // namespace parley::check
