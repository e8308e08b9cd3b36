// acme.cpp: a filter that writes the text of replies in capitals.
//
// It asks for text alone, so nothing else reaches it. A filter that wants requests too says so in
// interest() and gives its Session a request(); parley/filter.h says what that may do.
#include <array>
#include <string>

#include "parley/filter.h"
#include "parley/sdk/filter.hpp"
#include "parley/sdk/plugin.hpp"

namespace sdk = parley::sdk;

namespace {

class Filter {
public:
    // What it remembers from event to event of one attempt; this one has nothing to.
    struct Session {
        // Passes the event on with another text. Letters of ASCII alone: the others are longer than
        // a byte.
        parley_status event(const parley_event& event, const parley_sink& sink) {
            std::string text(sdk::view(event.text));
            for (char& c : text) {
                if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            }
            parley_event loud = event;
            loud.text = sdk::str(text);
            return sink.emit(&sink, &loud);
        }
    };

    explicit Filter(const parley_host*) {}

    void interest(parley_filter_interest& out) {
        out.events = PARLEY_INTEREST_EVENT(PARLEY_EVENT_TEXT_DELTA);
    }

    Session* open(const parley_filter_open&) { return new Session; }
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_filter table = sdk::filter_table<Filter>();
        static const std::array<parley_component, 1> all{sdk::make_component<Filter>(
            {PARLEY_KIND_FILTER, "acme", "writes replies in capitals"}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("com.example.acme", "0.1.0", "acme", Components{});
