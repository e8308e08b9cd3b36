#include "plugins/manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

namespace {

constexpr std::size_t kManifestBytesMax = 4096;
constexpr std::size_t kKindsMax = 64;

// Takes one member after the other; the first fault stays.
class Fields {
public:
    explicit Fields(const boost::json::object& object) : object_(object) {}

    const std::string& fault() const { return fault_; }

    std::string text(std::string_view key,
                     std::string_view expected,
                     bool (*right)(std::string_view)) {
        const boost::json::value* value = find(key, expected);
        if (value == nullptr) return {};
        const boost::json::string* text = value->if_string();
        if (text != nullptr && right(*text)) return std::string(*text);
        fail(key, text == nullptr ? "no text" : quoted(*text), expected);
        return {};
    }

    unsigned number(std::string_view key, std::string_view expected) {
        const boost::json::value* value = find(key, expected);
        if (value == nullptr) return 0;
        boost::system::error_code error;
        const auto number = value->to_number<std::uint16_t>(error);
        if (error) fail(key, "no such number", expected);
        return number;
    }

    std::vector<std::string> texts(std::string_view key, std::string_view expected) {
        const boost::json::value* value = find(key, expected);
        if (value == nullptr) return {};
        std::vector<std::string> out;
        const boost::json::array* array = value->if_array();
        const bool right = array != nullptr && array->size() <= kKindsMax &&
                           std::all_of(array->begin(), array->end(), [&](const auto& item) {
                               if (item.is_string()) out.emplace_back(item.get_string());
                               return item.is_string();
                           });
        if (!right) fail(key, "no list of texts", expected);
        return out;
    }

    void fail(std::string_view key, std::string_view found, std::string_view expected) {
        if (!fault_.empty()) return;
        fault_.append(key).append(": ").append(found).append("; ").append(expected);
        fault_ += " was expected";
    }

private:
    const boost::json::value* find(std::string_view key, std::string_view expected) {
        const boost::json::value* value = object_.if_contains(key);
        if (value == nullptr) fail(key, "missing", expected);
        return value;
    }

    const boost::json::object& object_;
    std::string fault_;
};

// "1.2", and for a version at least one dot more with anything behind it.
const char* read_pair(std::string_view text, unsigned& first, unsigned& second) {
    const char* const end = text.data() + text.size();
    const auto [dot, error] = std::from_chars(text.data(), end, first);
    if (error != std::errc() || dot == end || *dot != '.') return nullptr;
    const auto [stop, error_2] = std::from_chars(dot + 1, end, second);
    return error_2 == std::errc() && first <= UINT16_MAX && second <= UINT16_MAX ? stop : nullptr;
}

bool is_abi(std::string_view text) {
    unsigned major = 0;
    unsigned minor = 0;
    return read_pair(text, major, minor) == text.data() + text.size();
}

bool is_version(std::string_view text) {
    unsigned major = 0;
    unsigned minor = 0;
    const char* rest = read_pair(text, major, minor);
    const char* const end = text.data() + text.size();
    if (rest == nullptr || end - rest < 2 || rest[0] != '.' || text.size() > 64) return false;
    const bool digit = rest[1] >= '0' && rest[1] <= '9';
    return digit && printable(text, text.size()) == text;
}

void read_flags(const std::vector<std::string>& names, Manifest& manifest) {
    for (const std::string& name : names) {
        if (name == "resident") {
            manifest.flags |= PARLEY_PLUGIN_RESIDENT;
        } else if (name == "own-threads") {
            manifest.flags |= PARLEY_PLUGIN_OWN_THREADS;
        } else {
            manifest.unknown_flags.push_back(name);
        }
    }
    manifest.flags = implied_flags(manifest.flags);
}

Result<Manifest> fault(std::string text) {
    return refusal("A2", PARLEY_E_INVALID_ARGUMENT, "manifest: " + std::move(text));
}

}  // namespace

std::uint32_t implied_flags(std::uint32_t flags) {
    const bool threads = (flags & PARLEY_PLUGIN_OWN_THREADS) != 0;
    return threads ? flags | PARLEY_PLUGIN_RESIDENT : flags;
}

Result<Manifest> parse_manifest(std::string_view json) {
    if (json.size() > kManifestBytesMax) {
        return fault(counted(json.size(), "byte") + "; at most " +
                     std::to_string(kManifestBytesMax) + " were expected");
    }
    boost::system::error_code error;
    const boost::json::value document = boost::json::parse(json, error);
    if (error) return fault("not JSON (" + error.message() + "); an object was expected");
    if (!document.is_object()) return fault("not an object; {\"id\": ...} was expected");

    Fields fields(document.get_object());
    Manifest out;
    out.id = fields.text("id", "a reverse DNS name such as \"dev.parley.example\"", is_reverse_dns);
    out.version = fields.text("version", "a semantic version such as \"1.2.3\"", is_version);
    const std::string abi = fields.text("abi", "\"MAJOR.MINOR\"", is_abi);
    out.min_host_minor = fields.number("min_host_minor", "a number from 0 to 65535");
    out.kinds = fields.texts("kinds", "a list such as [\"provider\"]");
    if (out.kinds.empty()) fields.fail("kinds", "empty", "a list such as [\"provider\"]");
    if (document.get_object().contains("components")) {
        out.components = fields.texts("components", "a list such as [\"store-file\"]");
    }
    if (document.get_object().contains("flags")) {
        read_flags(fields.texts("flags", "a list such as [\"resident\"]"), out);
    }
    if (!fields.fault().empty()) return fault(fields.fault());
    read_pair(abi, out.abi_major, out.abi_minor);
    return out;
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
    const auto numbers = [](std::string_view version) {
        std::array<std::uint64_t, 3> all{};
        const char* at = version.data();
        const char* const end = at + version.size();
        for (std::uint64_t& number : all) {
            const auto read = std::from_chars(at, end, number);
            if (read.ec != std::errc()) break;
            at = read.ptr;
            if (at == end || *at != '.') break;
            ++at;
        }
        return all;
    };
    if (const auto order = numbers(a) <=> numbers(b); order != 0) return order;
    // "1.2.0-rc.1" comes before "1.2.0".
    const auto early = [](std::string_view version) {
        const std::string_view core = version.substr(0, version.find('+'));
        const std::size_t dash = core.find('-');
        return dash == core.npos ? std::string_view() : core.substr(dash);
    };
    if (early(a).empty() != early(b).empty()) return early(a).empty() <=> early(b).empty();
    return early(a) <=> early(b);
}

}  // namespace parley::plugins
