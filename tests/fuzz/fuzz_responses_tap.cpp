// The tap of openai-responses: the same however a reply is cut; complete only with its terminal
// event; nothing is cut out; the events that it writes at a failure are JSON, whatever it has read.
#include "watch.hpp"

using parley::fuzz::check;
using parley::fuzz::Input;
using parley::fuzz::Seen;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    const Input input(data, size);
    const Seen seen = parley::fuzz::watch_all(parley::openai::make_responses_tap, input);
    const auto says = [&](std::string_view words) {
        return input.body.find(words) != input.body.npos;
    };
    const bool json = input.says("application/json");
    check(!seen.complete || says("response.completed") || says("response.incomplete") || json);
    check(seen.client == seen.taken);
    if (json) return 0;
    int events = 0;
    parley::sdk::SseSplitter splitter;
    parley::sdk::SseEvent event;
    std::string_view rest = seen.failure;
    while (const std::size_t taken = splitter.next(rest, false, event)) {
        parley::sdk::JsonReader r(event.data);
        check(r.skip() && r.at_end());
        check(event.name == (events == 0 ? "error" : "response.failed"));
        rest.remove_prefix(taken);
        ++events;
    }
    check(events == 2 && rest.empty());
    const Input failure(reinterpret_cast<const std::uint8_t*>(seen.failure.data()),
                        seen.failure.size());
    const Seen understood =
        parley::fuzz::watch(parley::openai::make_responses_tap, failure, {failure.body});
    check(!understood.refused && understood.what.starts_with("4 "));
    return 0;
}
