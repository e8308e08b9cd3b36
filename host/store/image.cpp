#include "store/image.hpp"

namespace parley::store {

namespace {

constexpr char kVersion = '1';

void put_number(std::string& out, std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(number >> shift & 0xFF);
}

void put_text(std::string& out, const std::optional<base::Secret>& text) {
    out += text ? '+' : '-';
    if (!text) return;
    put_number(out, text->reveal().size());
    out += text->reveal();
}

// Takes apart from the front; what is not there makes it fail.
class Parts {
public:
    explicit Parts(std::string_view from) : left_(from) {}

    bool is_good() const { return is_good_; }

    bool is_over() const { return is_good_ && left_.empty(); }

    std::string_view take(std::uint64_t size) {
        is_good_ = is_good_ && size <= left_.size();
        if (!is_good_) return {};
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }

    std::uint64_t number() {
        std::uint64_t number = 0;
        int shift = 0;
        for (const char c : take(8)) {
            number |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
            shift += 8;
        }
        return number;
    }

    std::optional<base::Secret> text() {
        if (take(1) != "+") return {};
        return base::Secret(std::string(take(number())));
    }

private:
    std::string_view left_;
    bool is_good_ = true;
};

}  // namespace

std::string record_of(std::string_view key, const Entry& entry) {
    std::string out(1, kVersion);
    put_number(out, key.size());
    out += key;
    put_number(out, entry.revision);
    put_text(out, entry.known);
    put_text(out, entry.wished);
    return out;
}

bool apply_record(std::string_view record, Image& into) {
    Parts parts(record);
    if (parts.take(1) != std::string_view(&kVersion, 1)) return false;
    const std::string key(parts.take(parts.number()));
    Entry entry;
    entry.revision = parts.number();
    entry.known = parts.text();
    entry.wished = parts.text();
    if (!parts.is_over() || key.empty()) return false;
    if (entry.in_force() == nullptr) {
        into.erase(key);
    } else {
        into[key] = std::move(entry);
    }
    return true;
}

}  // namespace parley::store
