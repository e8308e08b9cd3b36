// SseSplitter: the same events however a stream is cut, every byte taken once, memory of its own.
#include <memory>

#include "fuzz.hpp"
#include "parley/sdk/sse.hpp"

namespace parley::sdk {

using fuzz::check;
using fuzz::Input;

// Names and data of all events, in one text.
std::string events_of(const std::vector<std::string_view>& pieces, std::string_view whole) {
    SseSplitter splitter;
    std::string events;
    std::string held;
    std::string taken;
    std::unique_ptr<char[]> memory;
    for (std::size_t i = 0; i <= pieces.size(); ++i) {
        const bool eof = i == pieces.size();
        if (!eof) held += pieces[i];
        // The last offer may go away only now.
        auto copy = std::make_unique<char[]>(held.size());
        held.copy(copy.get(), held.size());
        memory = std::move(copy);
        std::string_view rest(memory.get(), held.size());
        SseEvent event;
        while (const std::size_t size = splitter.next(rest, eof, event)) {
            check(size <= rest.size());
            check(event.has_data || event.data.empty());
            if (event.has_data)
                events.append(event.name).append(1, '\n').append(event.data) += '\r';
            taken += rest.substr(0, size);
            rest.remove_prefix(size);
        }
        held.assign(rest);
    }
    check(held.empty() && taken == whole);
    return events;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    const Input input(data, size);
    const auto cuts = input.cuts();
    const std::string wanted = events_of(cuts[0], input.body);
    for (const auto& pieces : cuts) check(events_of(pieces, input.body) == wanted);
    return 0;
}

}  // namespace parley::sdk
