// The tap of openai-chat: the same however a reply is cut; complete only if the upstream said so;
// only whole events are cut out; the error event that it writes is one that it understands.
#include "watch.hpp"

using parley::fuzz::check;
using parley::fuzz::Input;
using parley::fuzz::Seen;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    const Input input(data, size);
    const auto make = parley::openai::make_chat_tap;
    const Seen seen = parley::fuzz::watch_all(make, input);
    const auto says = [&](std::string_view words) {
        return input.body.find(words) != input.body.npos;
    };
    const bool json = input.says("application/json");
    check(!seen.complete || says("[DONE]") || says("finish_reason") || (json && says("}")));
    check(input.says("usage-added") || seen.client == seen.taken);
    if (json) return 0;
    check(seen.failure.starts_with("data: {\"error\":{") && seen.failure.ends_with("}}\n\n"));
    // A stream that is whole is not any more once something is missing and nothing ended it before.
    const std::size_t done = input.body.find("[DONE]");
    if (done != input.body.npos && !says("finish_reason")) {
        const std::string_view start = input.body.substr(0, done);
        const Input cut(reinterpret_cast<const std::uint8_t*>(start.data()), start.size());
        check(!parley::fuzz::watch(make, cut, {cut.body}).complete);
    }
    const Input failure(reinterpret_cast<const std::uint8_t*>(seen.failure.data()),
                        seen.failure.size());
    const Seen understood = parley::fuzz::watch(make, failure, {failure.body});
    check(!understood.refused && !understood.complete);
    return 0;
}
