// config/read_value.cpp: one value of the TOML tree, checked by the form of its key.
#include <algorithm>
#include <optional>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "config/address.hpp"
#include "config/near.hpp"
#include "config/read.hpp"
#include "config/terms.hpp"
#include "config/units.hpp"

namespace parley::config {

namespace {

constexpr std::size_t kNameMax = 128;

bool is_origin(std::string_view text) {
    if (text == "*") return true;
    const auto url = boost::urls::parse_uri(text);
    return url && (url->scheme() == "http" || url->scheme() == "https") && !url->host().empty() &&
           url->encoded_path().empty() && !url->has_query() && !url->has_fragment() &&
           !url->has_userinfo();
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
}

class ValueReader {
public:
    ValueReader(const toml::node& from,
                const Key& key,
                const std::string& path,
                const Reading& reading)
        : from_(from), key_(key), path_(path), reading_(reading) {}

    void operator()(bool* into) const {
        const auto* flag = from_.as_boolean();
        if (flag == nullptr) return mismatch();
        *into = flag->get();
    }

    void operator()(std::uint64_t* into) const {
        const std::optional<std::uint64_t> amount = this->amount();
        if (!amount || *amount < key_.min || *amount > key_.max) return mismatch();
        *into = *amount;
    }

    void operator()(std::string* into) const {
        const auto* text = from_.as_string();
        if (text == nullptr) return mismatch();
        switch (key_.form) {
            case Form::kChoice:
                return read_choice(text->get(), *into);
            case Form::kName:
                if (!is_name(text->get())) return mismatch();
                break;
            case Form::kPath:
                return read_path(text->get(), path_, *into);
            default:
                if (key_.is_required && text->get().empty()) {
                    return fault(path_, "empty; expected a string that is not");
                }
        }
        *into = text->get();
    }

    void operator()(std::vector<std::string>* into) const {
        const toml::array* array = from_.as_array();
        if (array == nullptr) return mismatch();
        if (array->empty() && key_.form == Form::kAddresses) {
            return fault(path_, "empty; expected " + expectation(key_));
        }
        std::vector<std::string> texts(array->size());
        for (std::size_t i = 0; i < array->size(); ++i) {
            read_element((*array)[i], path_of(path_, i), texts[i]);
        }
        *into = std::move(texts);
    }

    void operator()(base::Secret* into) const {
        const auto* text = from_.as_string();
        if (text == nullptr) return fault(path_, "expected a string, got " + type_of(from_));
        // What a variable holds is the secret itself, whatever it begins with.
        const bool is_literal = reading_.findings.is_from_environment(path_);
        Expanded value =
            is_literal ? Expanded{.text = text->get()} : expand(text->get(), reading_.environment);
        const bool is_document = key_.form == Form::kDocument;
        if (const std::string why = fault_of(value, is_document); !why.empty()) {
            return fault(path_, why);
        }
        *into = base::Secret(std::move(value.text));
    }

private:
    void fault(std::string_view path, std::string message) const {
        reading_.findings.fault(path, std::move(message));
    }

    void mismatch() const {
        fault(path_, "expected " + expectation(key_) + ", got " + describe(from_));
    }

    std::optional<std::uint64_t> amount() const {
        if (const auto* integer = from_.as_integer()) {
            if (integer->get() < 0) return {};
            return static_cast<std::uint64_t>(integer->get());
        }
        const auto* text = from_.as_string();
        if (text == nullptr) return {};
        if (key_.form == Form::kDuration) return parse_duration(text->get());
        if (key_.form == Form::kBytes) return parse_bytes(text->get());
        return {};
    }

    void read_choice(const std::string& text, std::string& into) const {
        if (std::find(key_.choices.begin(), key_.choices.end(), text) == key_.choices.end()) {
            const std::string meant = nearest(text, key_.choices);
            return fault(path_,
                         "expected " + expectation(key_) + ", got " + quote(text) +
                             (meant.empty() ? "" : "; did you mean " + quote(meant)));
        }
        into = text;
    }

    void read_path(const std::string& text, const std::string& path, std::string& into) const {
        auto expanded = expand_home(text, reading_.environment);
        if (!expanded) return fault(path, "names the home folder, but HOME is not set");
        into = std::move(*expanded);
    }

    void read_element(const toml::node& node, const std::string& path, std::string& into) const {
        const auto* text = node.as_string();
        const bool is_text = text != nullptr && !text->get().empty();
        const auto wrong = [&](std::string_view what) {
            fault(path, "expected " + std::string(what) + ", got " + describe(node));
        };
        if (key_.form == Form::kAddresses) {
            const auto address = is_text ? parse_address(text->get()) : std::nullopt;
            if (!address) {
                return wrong("an address such as \"127.0.0.1:8317\", \"[::1]:8317\" or \"8317\"");
            }
            into = address->text();
        } else if (!is_text) {
            wrong("a string that is not empty");
        } else if (key_.form == Form::kPaths) {
            read_path(text->get(), path, into);
        } else if (key_.form == Form::kOrigins && !is_origin(text->get())) {
            wrong("an origin such as \"https://chat.example.com\", or \"*\"");
        } else {
            into = text->get();
        }
    }

    static std::string fault_of(const Expanded& value, bool is_document) {
        if (value.is_missing) {
            return "environment variable " + value.variable +
                   " is not set; set it, or put it into .env beside the configuration file";
        }
        if (value.is_broken) {
            return "begins with $ but is neither \"$NAME\" nor \"${NAME}\"; write $$ for a $ that "
                   "is part of the secret";
        }
        const std::string subject =
            value.variable.empty() ? "" : "environment variable " + value.variable + " is ";
        if (value.text.empty()) return subject + "empty; expected the secret";
        if (is_document) return {};
        const bool is_bordered = value.text.front() == ' ' || value.text.back() == ' ';
        if (is_bordered || std::any_of(value.text.begin(), value.text.end(), is_control)) {
            return subject +
                   "not fit for a header: it has a space at an end, or a control "
                   "character";
        }
        return {};
    }

    const toml::node& from_;
    const Key& key_;
    const std::string& path_;
    const Reading& reading_;
};

}  // namespace

// ASCII only: names become parts of headers, metrics and file names.
bool is_name(std::string_view text) {
    const auto is_alnum = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    const auto is_rest = [&](char c) {
        return is_alnum(c) || std::string_view("._-@+").find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= kNameMax && is_alnum(text.front()) &&
           std::all_of(text.begin(), text.end(), is_rest);
}

void read_value(const toml::node& from,
                const Key& key,
                Slot into,
                const std::string& path,
                const Reading& reading) {
    std::visit(ValueReader(from, key, path, reading), into);
}

}  // namespace parley::config
