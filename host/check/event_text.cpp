#include "check/event_text.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "parley/sdk/emitter.hpp"
#include "plugins/text.hpp"

namespace parley::check {

namespace json = boost::json;
using plugins::str;
using plugins::view;

namespace {

// By number, as event.h counts them.
constexpr std::array<std::string_view, 18> kNames = {"",
                                                     "response_started",
                                                     "part_started",
                                                     "text_delta",
                                                     "reasoning_delta",
                                                     "tool_args_delta",
                                                     "media_delta",
                                                     "seal",
                                                     "citation",
                                                     "server_update",
                                                     "part_ended",
                                                     "usage",
                                                     "finish",
                                                     "error",
                                                     "ping",
                                                     "warning",
                                                     "raw",
                                                     "ext"};

bool is_joined(std::uint16_t type) {
    return type == PARLEY_EVENT_TEXT_DELTA || type == PARLEY_EVENT_REASONING_DELTA ||
           type == PARLEY_EVENT_TOOL_ARGS_DELTA;
}

void put(json::object& out, std::string_view name, parley_str text) {
    if (text.len != 0) out[name] = std::string(view(text));
}

void put(json::object& out, std::string_view name, std::uint64_t number) {
    if (number != 0) out[name] = number;
}

base::Error wrong(const std::string& what) {
    return base::client_error(PARLEY_E_INVALID_ARGUMENT, "events: " + what);
}

// The number of a type; 0: there is none of that name.
std::uint16_t type_of(const json::value& written) {
    if (written.is_int64()) return static_cast<std::uint16_t>(written.as_int64());
    if (!written.is_string()) return 0;
    const auto* const at =
        std::find(kNames.begin() + 1, kNames.end(), std::string_view(written.as_string()));
    return at == kNames.end() ? 0 : static_cast<std::uint16_t>(at - kNames.begin());
}

}  // namespace

json::object to_json(const parley_event& event) {
    json::object out;
    if (event.type < kNames.size()) {
        out["type"] = kNames[event.type];
    } else {
        out["type"] = event.type;
    }
    put(out, "part", event.part);
    put(out, "kind", event.kind);
    put(out, "flags", event.flags);
    put(out, "a", event.a);
    put(out, "b", event.b);
    put(out, "name", event.name);
    put(out, "text", event.text);
    put(out, "extra", event.extra);
    return out;
}

base::Result<void> TextEvents::add(const json::object& written) {
    const json::value* const type = written.if_contains("type");
    if (type == nullptr || type_of(*type) == 0) return wrong("an event of no known type");
    parley_event event = sdk::make_event(type_of(*type));
    for (const auto& [name, value] : written) {
        boost::system::error_code fault;
        const auto number = value.to_number<std::uint64_t>(fault);
        if (name == "type") continue;
        if (name == "text" || name == "name" || name == "extra") {
            if (!value.is_string()) return wrong(std::string(name) + ": a string was expected");
            texts_.emplace_back(value.as_string());
            (name == "text"   ? event.text
             : name == "name" ? event.name
                              : event.extra) = str(texts_.back());
            continue;
        }
        if (fault) return wrong(std::string(name) + ": a number was expected");
        if (name == "part") {
            event.part = static_cast<std::uint32_t>(number);
        } else if (name == "kind") {
            event.kind = static_cast<std::uint32_t>(number);
        } else if (name == "flags") {
            event.flags = static_cast<std::uint16_t>(number);
        } else if (name == "a" || name == "b") {
            (name == "a" ? event.a : event.b) = number;
        } else {
            return wrong(plugins::quoted(name) + " is no member of an event");
        }
    }
    events_.push_back(event);
    return {};
}

base::Result<TextEvents> TextEvents::read(const json::value& array) {
    TextEvents out;
    if (!array.is_array()) return wrong("an array was expected");
    for (const json::value& each : array.as_array()) {
        if (!each.is_object()) return wrong("an object was expected");
        if (auto ok = out.add(each.as_object()); !ok) return ok.error();
    }
    return out;
}

void EventLines::flush() {
    if (open_.empty()) return;
    open_["text"] = std::exchange(words_, {});
    text_ += json::serialize(open_) + '\n';
    open_.clear();
}

std::string EventLines::text() {
    flush();
    return text_;
}

parley_status EventLines::take(const parley_event& event) {
    if (event.type == PARLEY_EVENT_PING) return PARLEY_OK;
    json::object written = to_json(event);
    if (!is_joined(event.type)) {
        flush();
        text_ += json::serialize(written) + '\n';
        return PARLEY_OK;
    }
    written.erase("text");
    if (written != open_) flush();
    open_ = std::move(written);
    words_ += view(event.text);
    return PARLEY_OK;
}

}  // namespace parley::check
