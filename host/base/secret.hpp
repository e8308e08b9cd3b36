// base/secret.hpp: text that cannot be printed. Only reveal() gives it away, and only the places
// that send it to its owner call that.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace parley::base {

// Overwrites memory in a way that the compiler does not drop.
void wipe(void* memory, std::size_t size);

class Secret {
public:
    Secret() = default;

    explicit Secret(std::string text) : text_(std::move(text)) {}

    Secret(const Secret&) = default;

    Secret(Secret&& other) noexcept { swap(other); }

    Secret& operator=(const Secret& other) {
        Secret copy(other);
        swap(copy);
        return *this;
    }

    Secret& operator=(Secret&& other) noexcept {
        swap(other);
        return *this;
    }

    ~Secret() { wipe(text_.data(), text_.size()); }

    bool empty() const { return text_.empty(); }

    std::string_view reveal() const { return text_; }

    bool operator==(const Secret& other) const { return text_ == other.text_; }

private:
    // What is moved from may be short enough to stay where it is, so it is swapped and wiped there.
    void swap(Secret& other) noexcept { text_.swap(other.text_); }

    std::string text_;
};

// Compares in a time that depends on the sizes only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace parley::base
