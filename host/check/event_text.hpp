// check/event_text.hpp: canonical events as JSON, to be written down and told again.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "plugins/codec.hpp"

namespace parley::check {

boost::json::object to_json(const parley_event& event);

// Events that were written as to_json does; keeps the texts that they point to.
class TextEvents {
public:
    static base::Result<TextEvents> read(const boost::json::value& array);

    const std::vector<parley_event>& all() const { return events_; }

private:
    base::Result<void> add(const boost::json::object& written);

    std::deque<std::string> texts_;
    std::vector<parley_event> events_;
};

// Events as lines, the deltas of one run joined: however its bytes were cut, a reply reads the
// same.
class EventLines final : public plugins::EventSink {
public:
    explicit EventLines(base::Arena& arena) : EventSink(arena) {}

    std::string text();

private:
    parley_status take(const parley_event& event) override;
    void flush();

    std::string text_;
    boost::json::object open_;  // a delta that may go on
    std::string words_;         // its text so far
};

}  // namespace parley::check
