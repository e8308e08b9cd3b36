// parley/sdk/event_error.hpp: the error that an ERROR event tells.
#pragma once

#include <string>

#include "parley/event.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// Views of the event, but for the param.
struct EventError {
    explicit EventError(const parley_event& event) {
        error.struct_size = sizeof(error);
        error.error_class = static_cast<int32_t>(event.kind);
        error.message = event.text;
        error.code = event.name;
        error.retry_after_ms = event.a;
        error.http_status = static_cast<uint32_t>(event.b);
        JsonReader r(view(event.extra));
        JsonString key;
        if (event.extra.len == 0 || r.peek() != '{' || !r.enter_object()) return;
        while (r.next_key(key)) {
            JsonString text;
            if (key.raw != "param" || r.peek() != '"') {
                r.skip();
            } else if (r.read_string(text)) {
                param = text.text();
            }
        }
        error.param = str(param);
    }

    EventError(const EventError&) = delete;
    EventError& operator=(const EventError&) = delete;

    parley_error error{};
    std::string param;
};

}  // namespace parley::sdk
